import { EVIDENCE } from '#libs/event-store';
import type { Evidence, Outcome, PersonPart } from '#libs/event-store';
import { DomainError } from '#libs/vocabulary';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';
import { AUDITED_TYPES } from '../event-catalogue.ts';

/** What is asked for; all of it must hold. Persons are asked for by id: who has an address asks the person directory first. */
export interface AuditFilter {
  readonly messageId?: MessageId | undefined;
  /** In whichever part. */
  readonly personId?: PersonId | undefined;
  readonly senderId?: PersonId | undefined;
  readonly recipientId?: PersonId | undefined;
  /** Who was shown content. */
  readonly readerId?: PersonId | undefined;
  /** One of these. */
  readonly types?: readonly string[] | undefined;
  readonly outcome?: Outcome | undefined;
  readonly method?: string | undefined;
  readonly evidence?: Evidence | undefined;
  /** Inclusive. */
  readonly from?: Instant | undefined;
  /** Exclusive. */
  readonly to?: Instant | undefined;
  readonly submissionId?: string | undefined;
  readonly caseNumber?: string | undefined;
  /** All of these words, whole, in any order, in what events say that is nobody's personal data. */
  readonly words?: string | undefined;
}

/** A place between two rows of the trail, in whichever order it is read. Opaque; good as long as the read model is. */
export type AuditCursor = string & { readonly __brand: 'AuditCursor' };

export interface AuditPaging {
  readonly order?: 'oldest-first' | 'newest-first' | undefined;
  /** The `next` of a page: what follows it. */
  readonly after?: string | undefined;
  /** The `previous` of a page: what goes before it. */
  readonly before?: string | undefined;
  /** 1 to 1000; default 100. */
  readonly limit?: number | undefined;
}

/** What was asked cannot be answered: `field` says by the name that it has in AuditFilter or AuditPaging. */
export class BadAuditQuery extends DomainError {
  readonly field: string;

  constructor(field: keyof AuditFilter | keyof AuditPaging, reason: string) {
    super('bad-audit-query', `${field}: ${reason}`);
    this.field = field;
  }
}

export const MAX_AUDIT_ROWS = 1000;
const DEFAULT_AUDIT_ROWS = 100;
const MAX_VALUE_CHARACTERS = 200;
const OUTCOMES: readonly string[] = ['done', 'refused', 'failed'] satisfies Outcome[];
/** The name of the read model's shape stands in it: a row of another shape is another row. */
const CURSOR = /^v3\.([0-9]{1,15})$/;

export const PARTS_ASKED_FOR = {
  senderId: ['sender'],
  recipientId: ['recipient'],
  readerId: ['reader'],
  personId: ['sender', 'recipient', 'reader', 'claimant', 'subject'],
} as const satisfies Partial<Record<keyof AuditFilter, readonly PersonPart[]>>;

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
  if (from !== undefined && to !== undefined && from >= to)
    throw new BadAuditQuery('to', 'is not after the time from which on');
  for (const field of ['method', 'submissionId', 'caseNumber', 'words'] as const) {
    const value = filter[field];
    if (value !== undefined && (value.trim() === '' || value.length > MAX_VALUE_CHARACTERS))
      throw new BadAuditQuery(field, `has 1 to ${MAX_VALUE_CHARACTERS} characters`);
  }
  if (words !== undefined && matchOf(words) === '') throw new BadAuditQuery('words', 'holds no word');
}

/** @throws BadAuditQuery */
export function checkedLimit({ limit = DEFAULT_AUDIT_ROWS }: AuditPaging): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_AUDIT_ROWS)
    throw new BadAuditQuery('limit', `is a whole number from 1 to ${MAX_AUDIT_ROWS}`);
  return limit;
}

export function cursorOf(sequence: number): AuditCursor {
  return `v3.${sequence}` as AuditCursor;
}

/** @throws BadAuditQuery */
export function sequenceOf(field: 'after' | 'before', cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const [, sequence] = CURSOR.exec(cursor) ?? [];
  if (sequence === undefined) throw new BadAuditQuery(field, 'is not what a page of this trail ended with');
  return Number(sequence);
}

/** All the words, as FTS5 wants them: quoted, so that none of them is an operator. */
export function matchOf(words: string): string {
  return (words.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => `"${word}"`).join(' ');
}
