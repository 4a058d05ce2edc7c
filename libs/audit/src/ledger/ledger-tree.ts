import type { Position, ReadModelDatabase, RecordedEvent } from '#libs/event-store';
import { ledgerLeaf } from './leaf.ts';
import { merkleLeafHash, merkleNodeHash } from './merkle-tree.ts';
import { TILE_WIDTH } from './tree-proofs.ts';
import type { TreeHashes } from './tree-proofs.ts';

/**
 * The tree over the whole log, kept as a read model: one row for each leaf, and one for each full run of 256 hashes above it. It is
 * made from the events alone and can be rebuilt at any time; what it says is checked against checkpoints that were signed before.
 */
export const LEDGER_TREE_SCHEMA = `
  CREATE TABLE ledger_leaf (leaf INTEGER PRIMARY KEY, hash BLOB NOT NULL, position TEXT NOT NULL) STRICT;
  CREATE UNIQUE INDEX ledger_leaf_by_position ON ledger_leaf (position);
  CREATE TABLE ledger_hash (level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, place)) STRICT, WITHOUT ROWID;
`;

/** Adds the next event of the log. To be called for each of them, in its order, in the transaction that saves the position. */
export function addToLedgerTree(db: ReadModelDatabase, event: RecordedEvent): void {
  const leaf = sizeOf(db);
  db.run('INSERT INTO ledger_leaf VALUES (?, ?, ?)', leaf, merkleLeafHash(ledgerLeaf(event)), event.position);
  let [level, place] = [0, leaf];
  const tree = new LedgerTree(db);
  while ((place + 1) % TILE_WIDTH === 0) {
    place = Math.floor(place / TILE_WIDTH);
    const hash = wholeHash(tree.hashes(level, place * TILE_WIDTH, TILE_WIDTH));
    db.run('INSERT INTO ledger_hash VALUES (?, ?, ?)', ++level, place, hash);
  }
}

/** Reads the tree as it stands. */
export class LedgerTree implements TreeHashes {
  constructor(private readonly db: ReadModelDatabase) {}

  /** How many leaves there are. */
  get size(): number {
    return sizeOf(this.db);
  }

  hashes(level: number, first: number, count: number): Buffer[] {
    const rows =
      level === 0
        ? this.db.all<{ hash: Uint8Array }>(
            'SELECT hash FROM ledger_leaf WHERE leaf >= ? AND leaf < ? ORDER BY leaf',
            first,
            first + count,
          )
        : this.db.all<{ hash: Uint8Array }>(
            'SELECT hash FROM ledger_hash WHERE level = ? AND place >= ? AND place < ? ORDER BY place',
            level,
            first,
            first + count,
          );
    if (rows.length !== count)
      throw new RangeError(`the tree has no ${count} hashes from ${first} on at level ${level}`);
    return rows.map(({ hash }) => Buffer.from(hash));
  }

  /** Where in the log a leaf stands; null before the first and past the last. */
  positionOf(leaf: number): Position | null {
    const row = this.db.get<{ position: Position }>('SELECT position FROM ledger_leaf WHERE leaf = ?', leaf);
    return row?.position ?? null;
  }

  /** Which leaf the event at a position is; null while the tree has not come so far. */
  leafAt(position: Position): number | null {
    const row = this.db.get<{ leaf: number }>('SELECT leaf FROM ledger_leaf WHERE position = ?', position);
    return row?.leaf ?? null;
  }
}

function sizeOf(db: ReadModelDatabase): number {
  return (db.get<{ last: number | null }>('SELECT max(leaf) AS last FROM ledger_leaf')?.last ?? -1) + 1;
}

function wholeHash(hashes: readonly Buffer[]): Buffer {
  let level = hashes;
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, at) =>
      merkleNodeHash(level[2 * at] as Buffer, level[2 * at + 1] as Buffer),
    );
  }
  return level[0] as Buffer;
}
