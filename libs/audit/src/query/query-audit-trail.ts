import type { Position, ReadModelDatabase, StreamName } from '#libs/event-store';
import { DomainError } from '#libs/vocabulary';
import type { EventId, Instant, MessageId, PersonId } from '#libs/vocabulary';
import { AUDITED_TYPES } from '../event-catalogue.ts';

export interface AuditQuery {
  readonly messageId?: MessageId | undefined;
  readonly personId?: PersonId | undefined;
  readonly type?: string | undefined;
  /** Inclusive. */
  readonly from?: Instant | undefined;
  /** Exclusive. */
  readonly to?: Instant | undefined;
  /** Exclusive: the `sequence` of the last row of the page before. */
  readonly after?: number | undefined;
  /** At most 1000; default 100. */
  readonly limit?: number | undefined;
}

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
  readonly data: Readonly<Record<string, unknown>>;
}

export class UnknownEventType extends DomainError {
  constructor(type: string) {
    super('unknown-event-type', `no event type "${type}"; there are ${AUDITED_TYPES.join(', ')}`);
  }
}

const MAX_ROWS = 1000;

/** Rows in the order of the record, by keyset: a page costs the same wherever it lies. @throws UnknownEventType */
export function queryAuditTrail(db: ReadModelDatabase, query: AuditQuery = {}): AuditRow[] {
  const { messageId, personId, type, from, to, after, limit = 100 } = query;
  if (type !== undefined && !AUDITED_TYPES.includes(type)) throw new UnknownEventType(type);
  const conditions: string[] = [];
  const params: (string | number)[] = [];
  const where = (condition: string, value: string | number | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    params.push(value);
  };
  where('message_id = ?', messageId);
  where('sequence IN (SELECT sequence FROM audit_trail_person_v2 WHERE person_id = ?)', personId);
  where('type = ?', type);
  where('time >= ?', from);
  where('time < ?', to);
  where('sequence > ?', after);
  const rows = db.all<Record<string, string | number | null>>(
    `SELECT sequence, event_id, type, version, time, stream, revision, message_id, position, data FROM audit_trail_v2
     ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''} ORDER BY sequence LIMIT ?`,
    ...params,
    Math.max(1, Math.min(limit, MAX_ROWS)),
  );
  return rows.map((row) => ({
    sequence: row['sequence'] as number,
    eventId: row['event_id'] as EventId,
    type: row['type'] as string,
    version: row['version'] as number,
    time: row['time'] as Instant,
    stream: row['stream'] as StreamName,
    revision: row['revision'] as number,
    messageId: row['message_id'] as MessageId | null,
    position: row['position'] as Position,
    data: JSON.parse(row['data'] as string) as Record<string, unknown>,
  }));
}
