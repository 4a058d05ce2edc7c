import type { Projection, ReadModelDatabase } from '#libs/event-store';
import type { TelemetryEvent } from './telemetry.ts';

/** What was written, as it was written. Exact counts of older releases are left where they are. */
export const telemetryCounts: Projection<TelemetryEvent> = {
  name: 'telemetry-counts.v2',
  schema: `CREATE TABLE telemetry_counts (
    dimension TEXT NOT NULL, value TEXT NOT NULL, from_day TEXT NOT NULL, until_day TEXT NOT NULL,
    persons INTEGER NOT NULL, margin INTEGER NOT NULL, epsilon REAL NOT NULL,
    PRIMARY KEY (dimension, value, from_day, until_day)) STRICT, WITHOUT ROWID`,
  on: {
    NoisyCountsWritten: (db, { data }) => {
      for (const { value, persons, margin } of data.cells) {
        db.run(
          'INSERT OR REPLACE INTO telemetry_counts VALUES (?, ?, ?, ?, ?, ?, ?)',
          data.dimension,
          value,
          data.from,
          data.until,
          persons,
          margin,
          data.epsilon,
        );
      }
    },
  },
};

export interface TelemetryRow {
  readonly dimension: string;
  readonly value: string;
  /** First day that was counted of a period (UTC), and the first day after the period. */
  readonly from: string;
  readonly until: string;
  /** With noise. */
  readonly persons: number;
  /** The true number is within this many of it 19 times out of 20. */
  readonly margin: number;
  readonly epsilon: number;
}

/** Exactly what is kept, for `segl telemetry`. */
export function readTelemetry(db: ReadModelDatabase): TelemetryRow[] {
  return db.all<TelemetryRow>(
    `SELECT dimension, value, from_day AS "from", until_day AS until, persons, margin, epsilon
     FROM telemetry_counts ORDER BY dimension, from_day, value`,
  );
}
