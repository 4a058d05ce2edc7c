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

/**
 * Whether two moments are less than so many seconds apart: for waits and windows. A moment that lies further ahead was written by a clock
 * that has been set back since, and nobody waits until it comes again.
 */
export function isWithin(seconds: number, since: Instant, now: Instant): boolean {
  return Math.abs(secondsBetween(since, now)) < seconds;
}

/**
 * Whether what somebody claimed until `endsBy` is still theirs. A claim that ends later than one made now could was made by a clock that has
 * been set back since, and holds nobody up.
 * @param longestSeconds of such a claim, with what the clocks of machines may differ by
 */
export function isClaimed(endsBy: Instant, now: Instant, longestSeconds: number): boolean {
  const secondsLeft = secondsBetween(now, endsBy);
  return secondsLeft > 0 && secondsLeft <= longestSeconds;
}

export function secondsBetween(from: Instant, to: Instant): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}
