import type { Evidence, Outcome, PersonPart } from '#libs/event-store';
import { createHash } from 'node:crypto';
import { DomainError } from '#libs/vocabulary';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

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
  /** The canary's own events too, which are left out unless a message, person or submission is asked for by its name. Default false. */
  readonly withCanary?: boolean | undefined;
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
/** The name of the read model's shape stands in it: a row of another shape is another row. */
const CURSOR = /^v4\.([0-9]{1,15})\.([A-Za-z0-9_-]{6})$/;

export const PARTS_ASKED_FOR = {
  senderId: ['sender'],
  recipientId: ['recipient'],
  readerId: ['reader'],
  personId: ['sender', 'recipient', 'reader', 'claimant', 'subject'],
} as const satisfies Partial<Record<keyof AuditFilter, readonly PersonPart[]>>;

/** @throws BadAuditQuery */
export function checkedLimit({ limit = DEFAULT_AUDIT_ROWS }: AuditPaging): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_AUDIT_ROWS)
    throw new BadAuditQuery('limit', `is a whole number from 1 to ${MAX_AUDIT_ROWS}`);
  return limit;
}

export function cursorOf(sequence: number): AuditCursor {
  const place = `v4.${sequence}`;
  return `${place}.${checkOf(place)}` as AuditCursor;
}

/** Finds what was cut off or typed by hand, no forger: a cursor grants nothing. */
function checkOf(place: string): string {
  return createHash('sha256').update(`segl audit cursor ${place}`).digest('base64url').slice(0, 6);
}

/** @throws BadAuditQuery */
export function sequenceOf(field: 'after' | 'before', cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const [, sequence, check] = CURSOR.exec(cursor) ?? [];
  if (sequence === undefined || check !== checkOf(`v4.${sequence}`))
    throw new BadAuditQuery(field, 'is not what a page of this trail ended with');
  return Number(sequence);
}

/** All the words, as FTS5 wants them: quoted, so that none of them is an operator. */
export function matchOf(words: string): string {
  return (words.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => `"${word}"`).join(' ');
}
