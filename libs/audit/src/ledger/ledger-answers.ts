import type { EventStore, ReadModelDatabase } from '#libs/event-store';
import { readCheckpoint } from './checkpoint.ts';
import { eventsFrom } from './events-from.ts';
import { checkpointAtMost, lastCheckpoint } from './ledger-projection.ts';
import { LedgerTree } from './ledger-tree.ts';
import { ledgerLeaf } from './leaf.ts';
import { entryBundle, parseTilePath, tileOfHashes, tileWidth } from './tiles.ts';
import { consistencyProof, inclusionProof, TILE_WIDTH } from './tree-proofs.ts';

export interface InclusionAnswer {
  readonly index: number;
  readonly size: number;
  /** The bytes that the leaf hash is made of: they hold no content. */
  readonly leaf: string;
  readonly proof: readonly string[];
  /** The signed note over `size`. */
  readonly checkpoint: string;
}

export interface ConsistencyAnswer {
  readonly from: number;
  readonly to: number;
  readonly proof: readonly string[];
  /** The signed note over `to`. */
  readonly checkpoint: string;
}

/** What the ledger answers to others who want to check it. Hashes are base64. */
export class LedgerAnswers {
  private readonly tree: LedgerTree;

  constructor(
    private readonly store: EventStore,
    private readonly db: ReadModelDatabase,
  ) {
    this.tree = new LedgerTree(db);
  }

  /** The newest signed note that the tree reaches; null before the first. */
  checkpoint(): string | null {
    return lastCheckpoint(this.db) === null ? null : checkpointAtMost(this.db, this.tree.size);
  }

  /** Events under the newest checkpoint; 0 before the first. */
  get size(): number {
    return sizeIn(this.checkpoint());
  }

  /** @param size of a checkpoint @returns null when that checkpoint is none of this log, or does not reach the event */
  async inclusion(index: number, size: number): Promise<InclusionAnswer | null> {
    const checkpoint = this.checkpointOf(size);
    if (checkpoint === null || index >= size) return null;
    for await (const event of eventsFrom(this.store, this.tree, index, 1)) {
      const proof = inclusionProof(this.tree, index, size).map(base64);
      return { index, size, leaf: ledgerLeaf(event).toString('utf8'), proof, checkpoint };
    }
    return null;
  }

  /** @param from of any older tree @param to of a checkpoint @returns null when that checkpoint is none of this log, or `from` is larger */
  consistency(from: number, to: number): ConsistencyAnswer | null {
    const checkpoint = this.checkpointOf(to);
    if (checkpoint === null || from > to) return null;
    return { from, to, proof: consistencyProof(this.tree, from, to).map(base64), checkpoint };
  }

  /**
   * A tile or bundle of C2SP tlog-tiles, as far as the newest checkpoint reaches.
   * @param path below the log's prefix, `tile/…` @returns null where there is none
   */
  async tile(path: string): Promise<Uint8Array | null> {
    const tile = parseTilePath(path);
    if (tile === null || tile.width > tileWidth(tile.level, tile.index, this.size)) return null;
    const { level, index, width } = tile;
    if (level !== 'entries') return tileOfHashes(this.tree, { level, index, width });
    const leaves: Uint8Array[] = [];
    for await (const event of eventsFrom(this.store, this.tree, index * TILE_WIDTH, width))
      leaves.push(ledgerLeaf(event));
    return entryBundle(leaves);
  }

  private checkpointOf(size: number): string | null {
    const note = checkpointAtMost(this.db, size);
    return note !== null && sizeIn(note) === size && size <= this.tree.size ? note : null;
  }
}

function sizeIn(note: string | null): number {
  return note === null ? 0 : (readCheckpoint(note)?.size ?? 0);
}

function base64(hash: Buffer): string {
  return hash.toString('base64');
}
