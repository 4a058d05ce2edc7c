import type { ReadModelDatabase } from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';

/** When a canary mail was last read, by the record. Null: never. */
export function newestCanaryView(db: ReadModelDatabase): Instant | null {
  const kinds = `SELECT kind FROM audit_kind WHERE type = 'MessageViewed' AND canary = 1`;
  const sql = `SELECT time FROM audit_event WHERE kind IN (${kinds}) ORDER BY sequence DESC LIMIT 1`;
  return db.get<{ time: Instant }>(sql)?.time ?? null;
}
