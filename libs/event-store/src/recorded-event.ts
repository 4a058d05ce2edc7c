import { newEventId, parseEventId } from '#libs/vocabulary';
import type { EventId, Instant } from '#libs/vocabulary';
import { canonicalRecord } from './canonical-record.ts';
import type { DomainEvent } from './domain-event.ts';
import { AppendTooLarge, DamagedRecord, MAX_APPEND_BYTES } from './event-store.ts';
import type { ExpectedRevision, Position, RecordedEvent, StreamName } from './event-store.ts';
import { CONTENT_REMOVED, isLeaf } from './record-leaf.ts';

/** An event as it is handed to a store: decided about in the port, so that every store keeps the very same bytes. */
export interface EventRecord {
  readonly id: EventId;
  readonly type: string;
  /** The canonical record: what is stored is its UTF-8. */
  readonly text: string;
}

const CATEGORY = /^[A-Za-z0-9._]+$/;
const STREAM_NAME = /^[A-Za-z0-9._]+-[A-Za-z0-9._-]+$/;
const MAX_STREAM_NAME_LENGTH = 200;
const EVENT_TYPE = /^[A-Za-z][A-Za-z0-9._-]{0,99}$/;

/** @throws TypeError when category and id do not make a stream name; a category has no hyphen. */
export function streamName(category: string, id: string): StreamName {
  if (!CATEGORY.test(category)) throw new TypeError(`not a stream category: ${JSON.stringify(category)}`);
  return requireStreamName(`${category}-${id}`);
}

/** @throws TypeError */
export function requireStreamName(name: string): StreamName {
  if (typeof name === 'string' && name.length <= MAX_STREAM_NAME_LENGTH && STREAM_NAME.test(name)) {
    return name as StreamName;
  }
  throw new TypeError(`not a stream name: ${JSON.stringify(name)}`);
}

/**
 * The first thing every adapter's `append` does: checks what it was given and makes the canonical bytes (RFC 8785) of
 * {data, id, revision, stream, time, type}, and version from 2 on, once. The revision is known before the store is asked, because an append happens
 * exactly behind `expected` or not at all.
 *
 * @throws TypeError       no events, an invalid stream name, revision, type, version or id, the same id twice, or data that JSON cannot hold without loss
 * @throws AppendTooLarge  the sum is over MAX_APPEND_BYTES
 */
export function recordEvents(
  stream: StreamName,
  expected: ExpectedRevision,
  events: readonly DomainEvent[],
  time: Instant,
): EventRecord[] {
  requireStreamName(stream);
  if (expected !== 'NONE' && !isCount(expected)) throw new TypeError(`not a revision to expect: ${String(expected)}`);
  if (events.length === 0) throw new TypeError('an append takes at least one event');
  const firstRevision = expected === 'NONE' ? 0 : expected + 1;
  const ids = new Set<string>();
  let appendBytes = 0;
  const records = events.map((event, index): EventRecord => {
    const { type, data } = event;
    if (typeof type !== 'string' || !EVENT_TYPE.test(type)) throw new TypeError(`not an event type: ${String(type)}`);
    const id = event.id === undefined ? newEventId() : parseEventId(event.id);
    if (id === null) throw new TypeError(`not an event id: ${String(event.id)}`);
    if (ids.has(id)) throw new TypeError(`event id ${id} twice in one append`);
    ids.add(id);
    if (data === null || Array.isArray(data) || typeof data !== 'object')
      throw new TypeError(`${type}: data is not an object`);
    const version = writtenVersion(event);
    const text = canonicalRecord({ data, id, revision: firstRevision + index, stream, time, type, version });
    // A server counts the bytes and twice the length of the type (EventStoreDB: EventRecord size); so does the port, for every store.
    appendBytes += Buffer.byteLength(text) + 2 * type.length;
    return { id, type, text };
  });
  if (appendBytes > MAX_APPEND_BYTES) throw new AppendTooLarge(appendBytes);
  return records;
}

/** The first version is not written: so the bytes of all events before there were versions are what they were. */
function writtenVersion({ type, version = 1 }: DomainEvent): number | undefined {
  if (!isVersion(version)) throw new TypeError(`${type}: not a version: ${String(version)}`);
  return version === 1 ? undefined : version;
}

function isVersion(value: unknown): value is number {
  return isCount(value) && value > 0;
}

/** A whole number from 0 up to 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

type StoredRecord = Omit<RecordedEvent, 'bytes' | 'position' | 'version'> & {
  readonly version?: number;
  /** In the leaf that is left where the content was removed. */
  readonly recordSha256?: string;
};

/** `bytes` is made when it is asked for: most readers want the fields alone. (So a spread copy has no bytes: pass the event itself on.) */
class ReadEvent implements RecordedEvent {
  readonly id: EventId;
  readonly stream: StreamName;
  readonly revision: number;
  readonly type: string;
  readonly version: number;
  readonly time: Instant;
  readonly data: object;
  readonly position: Position;
  readonly text: string;

  constructor(record: StoredRecord, text: string, position: Position) {
    this.id = record.id;
    this.stream = record.stream;
    this.revision = record.revision;
    this.type = record.type;
    this.version = record.version ?? 1;
    this.time = record.time;
    this.data = record.data;
    this.position = position;
    this.text = text;
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.text);
  }
}

/** `text` is the record's UTF-8, decoded without loss. @throws DamagedRecord when it is no record */
export function readRecord(text: string, position: Position): RecordedEvent {
  let record: StoredRecord;
  try {
    record = JSON.parse(text) as StoredRecord;
  } catch (cause) {
    throw damaged(position, cause);
  }
  if (typeof record?.id !== 'string' || typeof record.stream !== 'string' || !isCount(record.revision)) {
    throw damaged(position);
  }
  if (record.version !== undefined && !isVersion(record.version)) throw damaged(position);
  const read = isLeaf(record) ? { ...record, data: {}, version: CONTENT_REMOVED } : record;
  return new ReadEvent(read, text, position);
}

/** A record from its stored bytes. @throws DamagedRecord when they are no record */
export function parseRecordedEvent(bytes: Uint8Array, position: Position): RecordedEvent {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw damaged(position, cause);
  }
  return readRecord(text, position);
}

function damaged(position: Position, cause?: unknown): DamagedRecord {
  const words = `the record at position ${position} is damaged: restore the event store from a backup`;
  return new DamagedRecord(position, words, { cause });
}
