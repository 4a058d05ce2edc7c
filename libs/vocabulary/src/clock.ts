/** A moment as `Date.toISOString()` writes it (UTC, milliseconds): string order is time order. */
export type Instant = string & { readonly __brand: 'Instant' };

/** Where time comes from. Decisions never ask it: they are given an `Instant` as a fact. */
export abstract class Clock {
  abstract now(): Instant;
}

export class SystemClock extends Clock {
  override now(): Instant {
    return instantOf(new Date());
  }
}

/** For tests: stands still until it is moved. */
export class FixedClock extends Clock {
  private moment: Instant;

  constructor(moment: Instant) {
    super();
    this.moment = moment;
  }

  override now(): Instant {
    return this.moment;
  }

  advance(seconds: number): void {
    this.moment = plusSeconds(this.moment, seconds);
  }
}

/** @throws RangeError when the date is not one, or lies outside the years 0 to 9999, where string order would break. */
export function instantOf(date: Date | string): Instant {
  const text = new Date(date).toISOString();
  if (text.length !== 24) throw new RangeError(`year out of range: ${text}`);
  return text as Instant;
}

/** Seconds may be negative or broken; the result is cut to whole milliseconds. */
export function plusSeconds(instant: Instant, seconds: number): Instant {
  return instantOf(new Date(Date.parse(instant) + seconds * 1000));
}

export function secondsBetween(from: Instant, to: Instant): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}
