// What is asked of the trail, wherever that runs: for a thread of its own this module is loaded by itself, so it is erasable TypeScript
// and knows nothing of the catalogue of events.
import type { Position, ReadModelDatabase } from '#libs/event-store';
import { auditPage, ROW_COLUMNS, rowOf } from './audit-page.ts';
import type { AuditRow } from './audit-page.ts';

export { countsIn, firstViewsIn } from '../figures/figure-questions.ts';
export { auditPage };

/** The first `limit` events of each list, in the order of the record. */
export function rowsOfTerms(db: ReadModelDatabase, terms: readonly string[], limit: number): AuditRow[][] {
  return terms.map((term) =>
    db
      .all<Omit<AuditRow, 'data'> & { readonly data: string }>(
        `SELECT ${ROW_COLUMNS} FROM audit_term t JOIN audit_event e ON e.sequence = t.sequence JOIN audit_kind k ON k.kind = e.kind
         WHERE t.term = ? ORDER BY t.sequence LIMIT ?`,
        term,
        limit,
      )
      .map(rowOf),
  );
}

/** Which leaf of the ledger the event at each position is; null where the tree has not come so far. */
export function leavesAt(db: ReadModelDatabase, positions: readonly Position[]): (number | null)[] {
  return positions.map(
    (position) => db.get<{ leaf: number }>('SELECT leaf FROM ledger_leaf WHERE position = ?', position)?.leaf ?? null,
  );
}

/** Behind which event of the trail everything lies that is at this leaf of the ledger or after it. */
export function sequenceBeforeLeaf(db: ReadModelDatabase, leaf: number): number {
  let low = 0; // the event with this sequence lies before the leaf, or there is none
  let high = (db.get<{ last: number | null }>('SELECT max(sequence) AS last FROM audit_event')?.last ?? 0) + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const row = db.get<{ leaf: number | null }>(
      'SELECT (SELECT leaf FROM ledger_leaf l WHERE l.position = e.position) AS leaf FROM audit_event e WHERE e.sequence = ?',
      middle,
    );
    if (row !== undefined && row.leaf !== null && row.leaf < leaf) low = middle;
    else high = middle;
  }
  return low;
}
