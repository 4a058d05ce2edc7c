// Questions of a test, asked in a thread.
import type { ReadModelDatabase } from '../read-models.ts';

/** The sum of the first `count` numbers, which takes SQLite its time. */
export function countTo(db: ReadModelDatabase, count: number): number {
  const row = db.get<{ sum: number }>(
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(i) AS sum FROM n',
    count,
  );
  return row?.sum ?? 0;
}

export function write(db: ReadModelDatabase): void {
  db.run('CREATE TABLE mine (it TEXT)');
}
