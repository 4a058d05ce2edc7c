// Asked in the thread of the trail's questions (trail-questions.ts), so this is erasable TypeScript.
import type { ReadModelDatabase } from '#libs/event-store';

/** Hours as the record counts them (`2026-11-30T12`, UTC): `from` inclusive, `to` exclusive. */
export interface HourSpan {
  readonly from: string;
  readonly to: string;
}

/** How often, in which of the spans, by method or reason ('' where there is none). */
export interface Counted {
  readonly span: number;
  readonly detail: string;
  readonly count: number;
}

/** Of one type of event. What did not happen is left out. */
export function countsIn(db: ReadModelDatabase, type: string, spans: readonly HourSpan[]): Counted[] {
  return db.all<Counted>(
    `SELECT s.key AS span, f.detail, sum(f.count) AS count FROM json_each(?) s CROSS JOIN figure_hour f
     WHERE f.type = ? AND f.hour >= s.value ->> 'from' AND f.hour < s.value ->> 'to' GROUP BY s.key, f.detail`,
    JSON.stringify(spans),
    type,
  );
}

/** Of the messages sealed in that span: how many were shown for the first time after how long (a `Wait`). */
export function firstViewsIn(db: ReadModelDatabase, { from, to }: HourSpan): Omit<Counted, 'span'>[] {
  return db.all<Omit<Counted, 'span'>>(
    'SELECT wait AS detail, sum(count) AS count FROM figure_first_view WHERE hour >= ? AND hour < ? GROUP BY wait',
    from,
    to,
  );
}
