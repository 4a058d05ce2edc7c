import type { ReadModelDatabase } from '#libs/event-store';
import type { MessageId, PersonId } from '#libs/vocabulary';
import { eventCatalogue } from '../event-catalogue.ts';
import { termOf } from '../read-models/audit-trail.ts';
import type { AuditPaging } from './audit-filter.ts';
import { queryAuditTrail, ROW_COLUMNS, rowOf } from './query-audit-trail.ts';
import type { AuditPage, AuditRow } from './query-audit-trail.ts';

/** An event with what it rests on. */
export interface TimelineEntry {
  readonly row: AuditRow;
  /** The sign-in of a view or download; null for other events, and where the event does not name one (before version 2). */
  readonly signIn: AuditRow | null;
  /** What was recorded about the code that the sign-in rests on: issued, delivered, entered. Empty for an account. */
  readonly challenge: readonly AuditRow[];
}

export interface Timeline extends Omit<AuditPage, 'rows'> {
  readonly entries: readonly TimelineEntry[];
}

/** Of one challenge at most: five wrong codes, and what was sent. */
const MAX_CHALLENGE_EVENTS = 50;

/** Everything about one message, each view with the sign-in and the code or account that it rests on. @throws BadAuditQuery */
export function messageTimeline(db: ReadModelDatabase, messageId: MessageId, paging: AuditPaging = {}): Timeline {
  return timelineOf(db, queryAuditTrail(db, { messageId }, paging));
}

/** Everything in which one person takes a part, likewise. @throws BadAuditQuery */
export function personTimeline(db: ReadModelDatabase, personId: PersonId, paging: AuditPaging = {}): Timeline {
  return timelineOf(db, queryAuditTrail(db, { personId }, paging));
}

function timelineOf(db: ReadModelDatabase, { rows, ...page }: AuditPage): Timeline {
  return { ...page, entries: rows.map((row) => entryOf(db, row)) };
}

function entryOf(db: ReadModelDatabase, row: AuditRow): TimelineEntry {
  const { signInId } = factsOf(row);
  const isSignIn = signInId === row.eventId;
  const signIn =
    signInId === undefined || isSignIn ? null : (rowsOfTerm(db, termOf('sign-in', signInId), 1)[0] ?? null);
  const { challengeId } = factsOf(isSignIn || signIn === null ? row : signIn);
  const isOfChallenge = !isSignIn && signIn === null; // an event of the challenge itself stands for itself
  const challenge =
    challengeId === undefined || isOfChallenge
      ? []
      : rowsOfTerm(db, termOf('challenge', challengeId), MAX_CHALLENGE_EVENTS).filter(
          ({ eventId }) => eventId !== row.eventId && eventId !== signIn?.eventId,
        );
  return { row, signIn, challenge };
}

function factsOf(row: AuditRow): ReturnType<typeof eventCatalogue.describe>['facts'] {
  return eventCatalogue.describe({ ...row, id: row.eventId }).facts;
}

/** The first of them: a sign-in is recorded before anything that rests on it. */
function rowsOfTerm(db: ReadModelDatabase, term: string, limit: number): AuditRow[] {
  return db
    .all<Omit<AuditRow, 'data'> & { readonly data: string }>(
      `SELECT ${ROW_COLUMNS} FROM audit_term t JOIN audit_event e ON e.sequence = t.sequence JOIN audit_kind k ON k.kind = e.kind
       WHERE t.term = ? ORDER BY t.sequence LIMIT ?`,
      term,
      limit,
    )
    .map(rowOf);
}
