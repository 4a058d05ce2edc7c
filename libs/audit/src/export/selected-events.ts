import type { EventStore } from '#libs/event-store';
import { eventsFrom } from '../ledger/events-from.ts';
import type { LedgerTree } from '../ledger/ledger-tree.ts';
import { TILE_WIDTH } from '../ledger/tree-proofs.ts';
import type { TreeHashes } from '../ledger/tree-proofs.ts';
import { cursorOf } from '../query/audit-filter.ts';
import type { AuditFilter } from '../query/audit-filter.ts';
import type { AuditTrailSource } from '../query/audit-trail-source.ts';
import type { SelectedEvent } from './range-export.ts';

/** Rows read at once: what a page of the query holds. */
const PAGE_ROWS = 1000;

export interface Selection {
  readonly filter: AuditFilter;
  /** Of the checkpoint that proves them: what lies behind it is left out. */
  readonly size: number;
  /** The first leaf of the ledger to look at; an export that was cut off goes on behind the last one that came. */
  readonly fromIndex: number;
}

/** The events that a question selects, in the order of the record, as they are stored. */
export async function* selectedEvents(
  { store, trail, tree }: { store: EventStore; trail: AuditTrailSource; tree: LedgerTree },
  { filter, size, fromIndex }: Selection,
): AsyncIterable<SelectedEvent> {
  let after: string | null = cursorOf(fromIndex === 0 ? 0 : await trail.sequenceBeforeLeaf(fromIndex));
  while (after !== null) {
    const { rows, next } = await trail.page(filter, { after, limit: PAGE_ROWS });
    const leaves = await trail.leavesAt(rows.map(({ position }) => position));
    for (const index of leaves) {
      if (index === null || index >= size || index < fromIndex) continue; // behind the checkpoint: nothing proves it yet
      for await (const event of eventsFrom(store, tree, index, 1)) yield { index, event };
    }
    after = next;
  }
}

/** Remembers the hashes of the tiles that one export's proofs go through: neighbours share all but the lowest. */
export class RememberedTiles implements TreeHashes {
  private readonly tiles = new Map<string, Buffer[]>();

  constructor(private readonly tree: TreeHashes) {}

  hashes(level: number, first: number, count: number): Buffer[] {
    const key = `${level}/${first}/${count}`;
    const known = this.tiles.get(key);
    if (known !== undefined) return known;
    const hashes = this.tree.hashes(level, first, count);
    if (this.tiles.size >= TILE_WIDTH) this.tiles.clear();
    this.tiles.set(key, hashes);
    return hashes;
  }
}
