import type { EventStore, RecordedEvent } from '#libs/event-store';
import type { LedgerTree } from './ledger-tree.ts';

/** Events of the log by their places, `count` of them from leaf `first` on. */
export function eventsFrom(
  store: EventStore,
  tree: LedgerTree,
  first: number,
  count: number,
): AsyncIterable<RecordedEvent> {
  return store.readAll({ after: first === 0 ? undefined : (tree.positionOf(first - 1) ?? undefined), maxCount: count });
}
