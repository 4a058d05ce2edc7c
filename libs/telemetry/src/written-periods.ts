import { streamName } from '#libs/event-store';
import type { Fold, StreamName } from '#libs/event-store';
import type { TelemetryEvent } from './telemetry.ts';

/** Days as they are written, `2026-11-25`: string order is time order. */
export interface CountedDays {
  readonly from: string;
  /** The first day after. */
  readonly until: string;
}

/** A period that has ended, by whatever length it has. */
export interface EndedPeriod {
  /** Its first day, counted or not. */
  readonly begins: string;
  readonly until: string;
}

/** All that is written, of periods of every length: what must exclude each other shares a stream. */
export function telemetryStream(): StreamName {
  return streamName('telemetry', 'counts');
}

/** Which days the counts that are written tell of. */
export const writtenPeriods: Fold<readonly CountedDays[], TelemetryEvent> = {
  initialState: () => [],
  evolve(written, { type, data }) {
    if (type !== 'NoisyCountsWritten') return written;
    const { from, until } = data;
    return written.at(-1)?.until === until ? written : [...written, { from, until }]; // one event for each dimension
  },
  isDecidedByItsEnds: true, // what is written next lies behind what was written last, but for a clock that was wrong
};

/**
 * Whether nothing that is written tells of a day of this period: another process of the same length may have written it, and one of another
 * length, by other settings or before they were changed, a part of it. Then nothing more is: nobody is counted twice in a day, and after a
 * change the first period that counts is the first that begins when the last written one has ended.
 */
export function isStillUnwritten(written: readonly CountedDays[], { begins, until }: EndedPeriod): boolean {
  return written.every((other) => other.until <= begins || other.from >= until);
}
