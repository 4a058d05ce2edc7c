import { MerkleTree } from '#libs/audit';
import type { EventStore, Position, RecordedEvent, RecordedEventImport } from '#libs/event-store';
import { MAX_APPEND_BYTES, MAX_IMPORT_EVENTS, sizeInAppend } from '#libs/event-store';
import { Refused } from '../exit-codes.ts';
import { SourceBeingWritten } from './source-being-written.ts';

/** How often the tail of a source that is still written is fetched before it is called busy. */
const MAX_TAILS = 20;

export interface CopiedEvents {
  /** In both stores, at the end. */
  readonly events: number;
  /** By this run; the others were there, from an earlier one. */
  readonly copied: number;
  /** Of those, appended to the source while it was copied. */
  readonly grew: number;
  /** RFC 6962 tree hash over the events' stored bytes in the order of all events: the same on both sides. */
  readonly root: Buffer;
  /** Of `copied`, without comparing and verifying; null when there was nothing to copy. */
  readonly eventsPerSecond: number | null;
}

/** Called now and then; `done` counts events. */
export type CopyProgress = (step: 'comparing' | 'copying' | 'verifying', done: number) => void;

/**
 * Copies every event, bytes unchanged, in the order of all events. May be killed at any moment and run again: what is there is
 * compared byte for byte, and the rest follows. At the end both sides are read anew, from first to last. Memory does not grow
 * with the number of events.
 *
 * @throws Refused             the target holds anything but the beginning of the source, or somebody else writes to it
 * @throws SourceBeingWritten  what was copied is right and stays; run it again
 * @throws EventStoreUnavailable, ImportRefused, RevisionConflict
 */
export async function copyEvents(
  from: EventStore,
  to: EventStore & RecordedEventImport,
  onProgress: CopyProgress = () => undefined,
): Promise<CopiedEvents> {
  let { last, count } = await compareWithBeginning(from, to, onProgress);
  let copied = 0;
  let grew = 0;
  let copyingMs = 0;
  for (let tails = 0; tails < MAX_TAILS; tails++) {
    const startedAt = performance.now();
    const tail = await copyAfter(last, from, to, (done) => onProgress('copying', copied + done));
    copyingMs += performance.now() - startedAt;
    copied += tail.count;
    count += tail.count;
    last = tail.last ?? last;
    if (tails > 0) grew += tail.count;
    if (tail.count > 0) continue; // until there is nothing more

    const root = await verify(from, to, count, onProgress);
    if (await hasMore(from, last)) break;
    const eventsPerSecond = copied === 0 ? null : Math.round((copied / Math.max(copyingMs, 1)) * 1000);
    return { events: count, copied, grew, root, eventsPerSecond };
  }
  throw new SourceBeingWritten();
}

/** Where the source goes on behind what the target holds. @throws Refused when the target holds anything else */
async function compareWithBeginning(
  from: EventStore,
  to: EventStore,
  onProgress: CopyProgress,
): Promise<{ last: Position | undefined; count: number }> {
  const source = from.readAll()[Symbol.asyncIterator]();
  let last: Position | undefined;
  let count = 0;
  try {
    for await (const there of to.readAll()) {
      const next = await source.next();
      if (next.done === true) throw new Refused(`the target holds more than the ${count} events of the source`);
      if (!areEqual(there.bytes, next.value.bytes)) {
        throw new Refused(
          `the target holds other events: number ${count + 1} (${there.stream}, revision ${there.revision}) is not the source’s`,
        );
      }
      last = next.value.position;
      onProgress('comparing', ++count);
    }
  } finally {
    await source.return?.();
  }
  return { last, count };
}

async function copyAfter(
  after: Position | undefined,
  from: EventStore,
  to: RecordedEventImport,
  onCopied: (done: number) => void,
): Promise<{ last: Position | undefined; count: number }> {
  let last: Position | undefined;
  let count = 0;
  let batch: RecordedEvent[] = [];
  let batchBytes = 0;
  const handOver = async (): Promise<void> => {
    if (batch.length === 0) return;
    await to.importRecorded(batch);
    last = batch.at(-1)?.position;
    onCopied((count += batch.length));
    batch = [];
    batchBytes = 0;
  };
  for await (const event of from.readAll({ after })) {
    const eventBytes = sizeInAppend(event.bytes, event.type);
    if (batch.length === MAX_IMPORT_EVENTS || batchBytes + eventBytes > MAX_APPEND_BYTES) await handOver();
    batch.push(event);
    batchBytes += eventBytes;
  }
  await handOver();
  return { last, count };
}

/** Reads both sides from the first event and compares their roots. @throws Refused */
async function verify(from: EventStore, to: EventStore, count: number, onProgress: CopyProgress): Promise<Buffer> {
  const [source, target] = await Promise.all([
    treeOf(from.readAll({ maxCount: count }), (done) => onProgress('verifying', done)),
    treeOf(to.readAll()),
  ]);
  if (target.size !== count) {
    throw new Refused(
      `the target holds ${target.size} events where ${count} were expected: something else writes to it`,
    );
  }
  if (source.size !== count || !source.root().equals(target.root())) {
    throw new Refused(
      `the two stores differ: ${source.size} events with root ${source.root().toString('hex')}, ${target.size} with ${target.root().toString('hex')}`,
    );
  }
  return target.root();
}

async function treeOf(events: AsyncIterable<RecordedEvent>, onRead?: (done: number) => void): Promise<MerkleTree> {
  const tree = new MerkleTree();
  for await (const { bytes } of events) {
    tree.append(bytes);
    onRead?.(tree.size);
  }
  return tree;
}

async function hasMore(store: EventStore, after: Position | undefined): Promise<boolean> {
  for await (const _ of store.readAll({ after, maxCount: 1 })) return true;
  return false;
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(other);
}
