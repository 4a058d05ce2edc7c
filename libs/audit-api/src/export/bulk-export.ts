import { BadAuditQuery } from '#libs/audit';
import type { AuditFilter } from '#libs/audit';
import type { ExportQuestion } from '#libs/compliance';

/** What may need a second person: every export but that of one message, which is a case of its own. */
export function isBulk({ messageId }: AuditFilter): boolean {
  return messageId === undefined;
}

/** 200 characters: a case number, a submission. */
const MAX_CHARACTERS = 200;

/**
 * A question as it waits in the record until somebody confirms it.
 * @throws BadAuditQuery for words, among which somebody's name may stand: the record could not forget it
 */
export function questionForRecord(filter: AuditFilter): ExportQuestion {
  const { words, messageId: _, types, ...others } = filter;
  if (words !== undefined)
    throw new BadAuditQuery('words', 'cannot be asked by here, because the question stays in the record');
  for (const field of ['method', 'submissionId', 'caseNumber'] as const) {
    const text = others[field] ?? '';
    if (text.length > MAX_CHARACTERS || text.includes('@') || /\p{Cc}/u.test(text))
      throw new BadAuditQuery(field, `is one line of ${MAX_CHARACTERS} characters at the most, without a mail address`);
  }
  const given = Object.entries({ ...others, types: types && [...types] }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as ExportQuestion;
}

/** What was confirmed, as the trail is asked. */
export function filterOf(question: ExportQuestion): AuditFilter {
  return question as AuditFilter; // what it holds has come out of a filter that the trail took
}
