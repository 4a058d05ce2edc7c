import type { Projection, ReadModelDatabase } from '#libs/event-store';
import type { TelemetryEvent } from './telemetry.ts';

/** Adds up what was tallied: by day, since that is all there is of time in it. */
export const telemetryTallies: Projection<TelemetryEvent> = {
  name: 'telemetry-tallies.v1',
  schema: `CREATE TABLE telemetry_tallies (
    dimension TEXT NOT NULL, value TEXT NOT NULL, day TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (dimension, value, day)) STRICT, WITHOUT ROWID`,
  on: {
    TelemetryTallied: (db, { data }) => {
      for (const { value, count } of data.cells) {
        db.run(
          `INSERT INTO telemetry_tallies (dimension, value, day, count) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET count = count + excluded.count`,
          data.dimension,
          value,
          data.talliedOn,
          count,
        );
      }
    },
  },
};

export interface TelemetryRow {
  readonly dimension: string;
  readonly value: string;
  /** UTC day on which it was written down, not on which it happened. */
  readonly day: string;
  readonly count: number;
}

/** Exactly what is kept, for `segl telemetry`. */
export function readTelemetry(db: ReadModelDatabase): TelemetryRow[] {
  return db.all<TelemetryRow>(
    'SELECT dimension, value, day, count FROM telemetry_tallies ORDER BY dimension, day, value',
  );
}
