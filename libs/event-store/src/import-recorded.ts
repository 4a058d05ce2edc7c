import { DomainError, parseEventId } from '#libs/vocabulary';
import { AppendTooLarge, MAX_APPEND_BYTES } from './event-store.ts';
import type { Position, RecordedEvent, StreamName } from './event-store.ts';
import { isCount, parseRecordedEvent, requireStreamName } from './recorded-event.ts';

/** Events that one call takes: what waits in memory stays small, and a server's time limit is not met. */
export const MAX_IMPORT_EVENTS = 1000;

/**
 * Takes in what another store has recorded, for moving from one store to another. An append makes bytes; this keeps the bytes
 * that were made, because proofs are over them. Every adapter that offers it passes `importContract`.
 */
export interface RecordedEventImport {
  /**
   * Writes these events in this order, each into its own stream at its own revision, with its own bytes; positions are this
   * store's. What is read is `bytes` alone. An event that is there already, byte for byte, is passed over: so the same call may be
   * repeated after EventStoreUnavailable. When it throws, the first few events may have been written, never others without them.
   *
   * @param events  1 to MAX_IMPORT_EVENTS, of any number of streams, together within MAX_APPEND_BYTES as an append counts them
   * @throws ImportRefused    bytes that are no record, or another event is there at that revision
   * @throws RevisionConflict an event before it is missing in its stream
   * @throws AppendTooLarge   too many bytes; nothing was written
   * @throws TypeError        no events, or too many; nothing was written
   * @throws EventStoreUnavailable
   */
  importRecorded(events: readonly Pick<RecordedEvent, 'bytes'>[]): Promise<void>;
}

/** What was to be imported is no record, or contradicts what this store holds. */
export class ImportRefused extends DomainError {
  constructor(reason: string, options?: ErrorOptions) {
    super('import-refused', reason, options);
  }
}

/** Another event is there already. */
export function importContradicted(stream: string, revision: number): ImportRefused {
  return new ImportRefused(`stream ${stream} holds another event at revision ${revision}`);
}

/** An event as an adapter writes it. `text` is the bytes as UTF-8, without loss. */
export interface ImportRecord {
  readonly id: string;
  readonly type: string;
  readonly stream: StreamName;
  readonly revision: number;
  readonly text: string;
}

/** The first thing every adapter's `importRecorded` does. @throws ImportRefused, AppendTooLarge, TypeError */
export function importRecords(events: readonly Pick<RecordedEvent, 'bytes'>[]): ImportRecord[] {
  if (events.length === 0) throw new TypeError('an import takes at least one event');
  if (events.length > MAX_IMPORT_EVENTS) throw new TypeError(`an import takes at most ${MAX_IMPORT_EVENTS} events`);
  let importBytes = 0;
  const records = events.map(({ bytes }) => {
    const record = importRecord(bytes);
    importBytes += sizeInAppend(bytes, record.type);
    return record;
  });
  if (importBytes > MAX_APPEND_BYTES) throw new AppendTooLarge(importBytes);
  return records;
}

/** What an event adds to MAX_APPEND_BYTES (see recordEvents). */
export function sizeInAppend(bytes: Uint8Array, type: string): number {
  return bytes.length + 2 * type.length;
}

function importRecord(bytes: Uint8Array): ImportRecord {
  try {
    const { id, type, stream, revision } = parseRecordedEvent(bytes, 'to be imported' as Position);
    requireStreamName(stream);
    if (parseEventId(id) !== id || typeof type !== 'string' || type === '' || !isCount(revision)) {
      throw new TypeError('a field is missing or is not what it must be');
    }
    return { id, type, stream, revision, text: Buffer.from(bytes).toString('utf8') };
  } catch (cause) {
    throw new ImportRefused('what is to be imported is no record of an event', { cause });
  }
}
