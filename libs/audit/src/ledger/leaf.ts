import { isContentRemoved, leafOfRecord } from '#libs/event-store';
import type { RecordedEvent } from '#libs/event-store';

/**
 * The leaf of one event (LEDGER.md): a list of leaves proves that something did not happen between two checkpoints without showing what did, and a
 * leaf stays true when the keys of its personal data are destroyed, and when retention removes the record itself: then it is what is stored.
 */
export function ledgerLeaf(
  event: Pick<RecordedEvent, 'id' | 'revision' | 'stream' | 'time' | 'type' | 'bytes' | 'version'>,
): Buffer {
  return Buffer.from(isContentRemoved(event) ? event.bytes : leafOfRecord(event, event.bytes));
}
