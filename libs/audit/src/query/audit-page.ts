import type { Evidence, Outcome, Position, ReadModelDatabase, StreamName } from '#libs/event-store';
import type { EventId, Instant, MessageId } from '#libs/vocabulary';
import { checkedLimit, cursorOf, sequenceOf } from './audit-filter.ts';
import type { AuditCursor, AuditFilter, AuditPaging } from './audit-filter.ts';
import { candidates, walkOf } from './audit-lists.ts';
import type { Span, Walk } from './audit-lists.ts';

/** One event of the trail, personal data as stored. */
export interface AuditRow {
  readonly sequence: number;
  readonly eventId: EventId;
  readonly type: string;
  readonly version: number;
  readonly time: Instant;
  readonly stream: StreamName;
  readonly revision: number;
  readonly messageId: MessageId | null;
  readonly position: Position;
  readonly evidence: Evidence;
  readonly outcome: Outcome;
  readonly method: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface AuditPage {
  readonly rows: readonly AuditRow[];
  /** Where the following page begins, in the order asked for; null when there is none. */
  readonly next: AuditCursor | null;
  /** Before which the page before lies; null when this is the first. */
  readonly previous: AuditCursor | null;
  /** False when looking further would have cost too much: there may be more rows than these, and `next` or `previous` goes on from there. */
  readonly isWhole: boolean;
  /** Of the event that was recorded before the earliest of these: of the same list, or the last that was looked at. Not there: there is none. */
  readonly timeBefore?: Instant;
}

/** Events looked at for one page: some 40 ms. A question to which hardly an event on its list answers is answered in parts. */
const MAX_LOOKED_AT = 20_000;
const FIRST_LOOK = 500;
const LATER_LOOK = 4000;

export const ROW_COLUMNS = `e.sequence, e.event_id AS eventId, k.type, e.version, e.time, e.stream, e.revision, e.message_id AS messageId,
  e.position, k.evidence, k.outcome, nullif(k.method, '') AS method, e.data`;

/**
 * Rows in the order of the record or against it, by keyset: a page costs the same wherever it lies, and stays the same while events
 * arrive. @param filter that was checked (check-filter.ts): this runs where the catalogue of events is not at hand
 * @throws BadAuditQuery
 */
export function auditPage(db: ReadModelDatabase, filter: AuditFilter = {}, paging: AuditPaging = {}): AuditPage {
  const limit = checkedLimit(paging);
  const after = sequenceOf('after', paging.after);
  const before = sequenceOf('before', paging.before);
  const isOldestFirst = paging.order !== 'newest-first';
  // Backwards from `before`, unless there is an `after` to begin at: then both bound the page.
  const isBackwards = before !== undefined && after === undefined;
  const isForward = isOldestFirst !== isBackwards;
  const [low, high] = isOldestFirst ? [after, before] : [before, after];
  const walk = walkOf(db, filter);
  if (walk === null) return { rows: [], next: null, previous: null, isWhole: true };
  const first = Math.max(walk.span.first, (low ?? -1) + 1);
  const last = Math.min(walk.span.last, (high ?? Number.MAX_SAFE_INTEGER) - 1);
  const { rows, isWhole, end, beyond } = look(db, walk, { first, last }, isForward, limit);
  const further = end === null ? null : cursorOf(end);
  const [head, tail] = [rows[0], rows.at(-1)].map((row) => (row === undefined ? null : cursorOf(row.sequence)));
  const earlier = timeAt(db, isForward ? (low ?? null) : beyond);
  const around = { isWhole, ...(earlier !== null && { timeBefore: earlier }) };
  if (isBackwards)
    return { rows: rows.toReversed(), next: head ?? (paging.before as AuditCursor), previous: further, ...around };
  const previous = after === undefined ? null : (head ?? (paging.after as AuditCursor));
  return { rows, next: further, previous: tail === null && after === undefined ? null : previous, ...around };
}

interface Looked {
  readonly rows: AuditRow[];
  readonly isWhole: boolean;
  /** The last event that was looked at; null when there is nothing beyond. */
  readonly end: number | null;
  /** What follows these, as far as that was looked at. */
  readonly beyond: number | null;
}

function look(db: ReadModelDatabase, walk: Walk, span: Span, isForward: boolean, limit: number): Looked {
  const rows: AuditRow[] = [];
  let { first, last } = span;
  let lookedAt = 0;
  // Where nothing is left to be looked at, what comes next is the answer.
  const firstLook = walk.tests.length === 0 ? limit + 1 : FIRST_LOOK;
  for (let count = firstLook; ; count = LATER_LOOK) {
    const sequences = candidates(db, walk, { first, last }, isForward, count);
    lookedAt += sequences.length;
    rows.push(...thoseThatFit(db, walk, sequences, limit + 1 - rows.length));
    if (rows.length > limit) {
      const beyond = rows.pop()?.sequence ?? null;
      return { rows, isWhole: true, end: rows.at(-1)?.sequence ?? null, beyond };
    }
    const end = sequences.at(-1);
    if (end === undefined || sequences.length < count) return { rows, isWhole: true, end: null, beyond: null };
    if (lookedAt >= MAX_LOOKED_AT) return { rows, isWhole: false, end, beyond: end };
    if (isForward) first = end + 1;
    else last = end - 1;
  }
}

function timeAt(db: ReadModelDatabase, sequence: number | null): Instant | null {
  if (sequence === null) return null;
  return db.get<{ time: Instant }>('SELECT time FROM audit_event WHERE sequence = ?', sequence)?.time ?? null;
}

function thoseThatFit(db: ReadModelDatabase, { tests }: Walk, sequences: readonly number[], limit: number): AuditRow[] {
  if (sequences.length === 0) return [];
  const found = db.all<Omit<AuditRow, 'data'> & { readonly data: string }>(
    `SELECT ${ROW_COLUMNS} FROM json_each(?) c CROSS JOIN audit_event e ON e.sequence = c.value JOIN audit_kind k ON k.kind = e.kind
     WHERE ${['true', ...tests.map(({ from }) => from)].join(' AND ')} ORDER BY c.key LIMIT ?`,
    JSON.stringify(sequences),
    ...tests.flatMap(({ parameters }) => parameters),
    limit,
  );
  return found.map(rowOf);
}

export function rowOf(row: Omit<AuditRow, 'data'> & { readonly data: string }): AuditRow {
  return { ...row, data: JSON.parse(row.data) as Record<string, unknown> };
}
