import type { Projection, ReadModelDatabase } from '#libs/event-store';
import { readCheckpoint } from './checkpoint.ts';
import type { Ledger, LedgerEvent } from './ledger.ts';
import { addToLedgerTree, LEDGER_TREE_SCHEMA } from './ledger-tree.ts';

/** The tree of the whole log, and the checkpoints that stand in it. */
export const ledgerProjection: Projection<LedgerEvent> = {
  name: 'ledger.v1',
  schema: `${LEDGER_TREE_SCHEMA}
    CREATE TABLE ledger_checkpoint (
      size INTEGER PRIMARY KEY, origin TEXT NOT NULL, root TEXT NOT NULL, revision INTEGER NOT NULL, signed_at TEXT NOT NULL,
      note TEXT NOT NULL
    ) STRICT;
  `,
  every: addToLedgerTree,
  countsAll: true,
  on: {
    CheckpointSigned: (db, { data, revision }) =>
      db.run(
        'INSERT OR REPLACE INTO ledger_checkpoint VALUES (?, ?, ?, ?, ?, ?)',
        ...[data.size, data.origin, data.root, revision, data.signedAt, data.note],
      ),
  },
};

/** What was signed last, as far as the read model has come, and at which revision of the stream. */
export function lastCheckpoint(db: ReadModelDatabase): { ledger: NonNullable<Ledger>; revision: number } | null {
  const row = db.get<NonNullable<Ledger> & { revision: number }>(
    'SELECT origin, size, root, signed_at AS signedAt, note, revision FROM ledger_checkpoint ORDER BY size DESC LIMIT 1',
  );
  if (row === undefined) return null;
  const { revision, ...ledger } = row;
  return { ledger, revision };
}

const NOTES_AT_ONCE = 500;

/** Notes of the checkpoints over `from` and up to `to`, smallest first, some hundred read at a time. */
export function* checkpointsBetween(db: ReadModelDatabase, from: number, to: number): Generator<string> {
  for (let after: number | undefined = from; after !== undefined;) {
    const rows: { size: number; note: string }[] = db.all(
      'SELECT size, note FROM ledger_checkpoint WHERE size > ? AND size <= ? ORDER BY size LIMIT ?',
      ...[after, to, NOTES_AT_ONCE],
    );
    for (const { note } of rows) yield note;
    after = rows.length < NOTES_AT_ONCE ? undefined : rows.at(-1)?.size;
  }
}

/** Likewise, up to one that was signed just now, which the read model need not hold yet. */
export function* checkpointsUpTo(db: ReadModelDatabase, from: number, newest: string): Generator<string> {
  yield* checkpointsBetween(db, from, (readCheckpoint(newest)?.size ?? 0) - 1);
  yield newest;
}

/** The newest checkpoint of at most `size` events; null when there is none. */
export function checkpointAtMost(db: ReadModelDatabase, size: number): string | null {
  const row = db.get<{ note: string }>(
    'SELECT note FROM ledger_checkpoint WHERE size <= ? ORDER BY size DESC LIMIT 1',
    size,
  );
  return row?.note ?? null;
}
