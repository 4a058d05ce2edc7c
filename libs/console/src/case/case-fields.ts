import { mandateOf } from '#libs/vocabulary';
import { DomainError } from '#libs/vocabulary';
import type { Case } from '../door/console-session.ts';

/** What a form says of case and reason; empty fields are none. Null for what cannot stand in the record: it holds no mail address. */
export function caseIn(form: Readonly<Record<string, string | undefined>>): Case | null {
  const [caseNumber, reason] = [form['caseNumber'], form['reason']].map((text) => text?.trim() || undefined);
  try {
    const { by: _, ...said } = mandateOf({ by: 'somebody', caseNumber, reason });
    return said;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'bad-mandate') return null;
    throw error;
  }
}
