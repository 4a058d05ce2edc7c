import { DamagedRecord, EventStoreUnavailable } from '../../event-store.ts';
import type { Position, RecordedEvent } from '../../event-store.ts';
import { parseRecordedEvent } from '../../recorded-event.ts';
import type { Resolved } from './inflow.ts';

/** A place in the server's log: not dense, and no number that was not read from it is one. */
export interface LogPosition {
  readonly commit: bigint;
  readonly prepare: bigint;
}

const POSITION = /^(0|[1-9][0-9]{0,19})\/(0|[1-9][0-9]{0,19})$/;
const MAX_UINT64 = 2n ** 64n - 1n;

/** Both halves: a server of 25.0 leaves out an event for those who keep the first alone. */
export function positionOf({ commit, prepare }: LogPosition): Position {
  return `${commit}/${prepare}` as Position;
}

/** @throws TypeError for what this adapter has never given as a position */
export function logPositionOf(position: Position): LogPosition {
  const [, commit, prepare] = POSITION.exec(position) ?? [];
  if (commit === undefined || prepare === undefined) throw notOurs(position);
  const parsed = { commit: BigInt(commit), prepare: BigInt(prepare) };
  if (parsed.commit > MAX_UINT64 || parsed.prepare > MAX_UINT64) throw notOurs(position);
  return parsed;
}

function notOurs(position: Position): TypeError {
  return new TypeError(`not a position of this store: ${JSON.stringify(position)}`);
}

/** Below 0 when `one` comes first. */
export function comparePositions(one: LogPosition, other: LogPosition): number {
  if (one.commit !== other.commit) return one.commit < other.commit ? -1 : 1;
  if (one.prepare !== other.prepare) return one.prepare < other.prepare ? -1 : 1;
  return 0;
}

/** Where the server keeps this event; null when it says nothing about it (before 22.6). */
export function placeOf({ event }: Resolved): LogPosition | null {
  return event?.position ?? null;
}

/** Statistics, metadata, links: the server's own events, in streams and of types that begin with `$`. */
export function isSystemEvent({ event }: Resolved): boolean {
  return event === undefined || event.streamId.startsWith('$') || event.type.startsWith('$');
}

/** Whether an event of this type in this stream is ours, whatever its bytes. */
export type IsOurs = (stream: string, type: string) => boolean;

/**
 * The server may be shared: an event is ours by its bytes, or by its stream and type, and then what cannot be read of it is damage
 * that nobody may pass over without a word. @returns null for an event of another program @throws DamagedRecord
 */
export function ourEventOf(resolved: Resolved, isOurs: IsOurs): RecordedEvent | null {
  try {
    return recordedEventOf(resolved);
  } catch (error) {
    const { streamId = '', type = '' } = resolved.event ?? {};
    if (error instanceof DamagedRecord && !isOurs(streamId, type)) return null;
    throw error;
  }
}

/** @throws DamagedRecord when it is no record of ours, or not the one that the server says it is; EventStoreUnavailable */
export function recordedEventOf(resolved: Resolved): RecordedEvent {
  const { event } = resolved;
  const place = placeOf(resolved);
  if (event === undefined || place === null) throw new EventStoreUnavailable('EventStoreDB is older than 23.10');
  const where = `stream ${event.streamId} at revision ${event.revision}`;
  if (!(event.data instanceof Uint8Array)) {
    throw new DamagedRecord(positionOf(place), `EventStoreDB holds an event that Segl did not write: ${where}`);
  }
  const record = parseRecordedEvent(event.data, positionOf(place));
  if (record.stream !== event.streamId || record.id !== event.id || BigInt(record.revision) !== event.revision) {
    const words = `the record of ${where} belongs elsewhere: restore EventStoreDB from a backup`;
    throw new DamagedRecord(positionOf(place), words);
  }
  return record;
}
