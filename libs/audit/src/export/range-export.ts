import { isContentRemoved } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';
import { readCheckpoint } from '../ledger/checkpoint.ts';
import { ledgerLeaf } from '../ledger/leaf.ts';
import { edgeAt, TILE_WIDTH } from '../ledger/tree-proofs.ts';
import type { TreeHashes } from '../ledger/tree-proofs.ts';

/** The first member of an export's first line. A reader that does not know it says so and stops. */
export const EXPORT_FORMAT = 'segl-ledger-export/1';

export interface RangeExport {
  /** Events of the log in its order, the first of them at `from`. */
  readonly events: AsyncIterable<RecordedEvent>;
  readonly tree: TreeHashes;
  /** How many events come before the first. */
  readonly from: number;
  /** Signed notes in the order of their sizes, all over `from`; the export ends with the last of them, and where it begins if there is none. Taken as the export comes to them: in ten years there are half a million. */
  readonly checkpoints: Iterable<string>;
  /** Whether to give the record itself, or its leaf alone, which proves that it is there and what it is, not what is in it. Default: all. */
  readonly isDisclosed?: (event: RecordedEvent) => boolean;
}

/**
 * The lines of an export of everything between two sizes of the log (LEDGER.md, "Exports"), without line feeds: leaf hashes first, then
 * the events that they belong to, and each checkpoint where it stands, so that a reader proves as it goes, in constant memory.
 *
 * @throws RangeError when the events end before the last checkpoint
 */
export async function* exportRange({
  events,
  tree,
  from,
  checkpoints,
  isDisclosed = () => true,
}: RangeExport): AsyncIterable<string> {
  const edge = edgeAt(tree, from).map((hash) => hash.toString('base64'));
  yield JSON.stringify({ format: EXPORT_FORMAT, kind: 'range', from: { size: from, edge } });
  const iterator = events[Symbol.asyncIterator]();
  let start = from;
  try {
    for (const checkpoint of checkpoints) {
      const to = readCheckpoint(checkpoint)?.size ?? 0;
      if (to <= start) continue; // the same state again
      while (start < to) {
        const end = Math.min(to, (Math.floor(start / TILE_WIDTH) + 1) * TILE_WIDTH);
        yield JSON.stringify({ hashes: Buffer.concat(tree.hashes(0, start, end - start)).toString('base64') });
        for (let index = start; index < end; index++) {
          const { done, value: event } = await iterator.next();
          if (done === true) throw new RangeError(`the log ends at ${index}, before the checkpoint at ${to}`);
          yield JSON.stringify({ index, ...contentOf(event, isDisclosed(event)) });
        }
        start = end;
      }
      yield JSON.stringify({ checkpoint });
    }
  } finally {
    await iterator.return?.();
  }
  yield JSON.stringify({ end: { size: start } });
}

export interface SelectedEvent {
  readonly index: number;
  readonly event: RecordedEvent;
}

/** The lines of an export of some events, each with its own proof that it stands in the log that `checkpoint` signs. */
export async function* exportSelection(
  selected: AsyncIterable<SelectedEvent>,
  checkpoint: string,
  prove: (index: number) => readonly Buffer[],
): AsyncIterable<string> {
  yield JSON.stringify({ format: EXPORT_FORMAT, kind: 'selection' });
  yield JSON.stringify({ checkpoint });
  let count = 0;
  for await (const { index, event } of selected) {
    const proof = prove(index).map((hash) => hash.toString('base64'));
    yield JSON.stringify({ index, ...contentOf(event), proof });
    count++;
  }
  yield JSON.stringify({ end: { count } });
}

/** The stored text, or the leaf alone: of what is not to be disclosed, and of what retention removed. */
export function contentOf(
  event: RecordedEvent,
  isDisclosed = true,
): { readonly record: string } | { readonly leaf: string } {
  if (isDisclosed && !isContentRemoved(event)) return { record: Buffer.from(event.bytes).toString('utf8') };
  return { leaf: ledgerLeaf(event).toString() };
}
