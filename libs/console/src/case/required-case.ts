import type { Case } from '../door/console-session.ts';
import { caseIn } from './case-fields.ts';

/** What leaves the house leaves for a case and a reason. Null where one of them is missing or cannot stand in the record. */
export function requiredCaseIn(form: Readonly<Record<string, string | undefined>>): Required<Case> | null {
  const { caseNumber, reason } = caseIn(form) ?? {};
  return caseNumber === undefined || reason === undefined ? null : { caseNumber, reason };
}
