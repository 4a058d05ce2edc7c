import { EVIDENCE } from '#libs/event-store';
import type { Outcome } from '#libs/event-store';
import { AUDITED_TYPES } from '../event-catalogue.ts';
import { BadAuditQuery, matchOf } from './audit-filter.ts';
import type { AuditFilter } from './audit-filter.ts';

const MAX_VALUE_CHARACTERS = 200;
/** No installation records before or after these; what a slip of a key makes (`0202`, `20226`) is found. */
const [FIRST_YEAR, LAST_YEAR] = ['2000', '2999'];
const OUTCOMES: readonly string[] = ['done', 'refused', 'failed'] satisfies Outcome[];

/** @throws BadAuditQuery */
export function checkFilter(filter: AuditFilter): void {
  const { types, outcome, evidence, from, to, words } = filter;
  for (const type of types ?? []) {
    if (!AUDITED_TYPES.includes(type))
      throw new BadAuditQuery('types', `there is no event type "${type}"; there are ${AUDITED_TYPES.join(', ')}`);
  }
  if (outcome !== undefined && !OUTCOMES.includes(outcome))
    throw new BadAuditQuery('outcome', `is one of ${OUTCOMES.join(', ')}`);
  if (evidence !== undefined && !EVIDENCE.includes(evidence))
    throw new BadAuditQuery('evidence', `is one of ${EVIDENCE.join(', ')}`);
  for (const [field, time] of [
    ['from', from],
    ['to', to],
  ] as const) {
    const year = time?.slice(0, 4);
    if (year !== undefined && (year < FIRST_YEAR || year > LAST_YEAR))
      throw new BadAuditQuery(field, `is between the years ${FIRST_YEAR} and ${LAST_YEAR}`);
  }
  if (from !== undefined && to !== undefined && from >= to)
    throw new BadAuditQuery('to', 'is not after the time from which on');
  for (const field of ['method', 'submissionId', 'caseNumber', 'words'] as const) {
    const value = filter[field];
    if (value !== undefined && (value.trim() === '' || value.length > MAX_VALUE_CHARACTERS))
      throw new BadAuditQuery(field, `has 1 to ${MAX_VALUE_CHARACTERS} characters`);
  }
  if (words !== undefined && matchOf(words) === '') throw new BadAuditQuery('words', 'holds no word');
}
