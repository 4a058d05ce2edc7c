import { Clock, instantOf, isWithin } from './clock.ts';
import type { Instant } from './clock.ts';

/** More than synchronising moves a clock at once, and than passes between two readings of it and of the other. */
const TOLERANCE_SECONDS = 300;
/** 24 hours: time for somebody to see that a clock is wrong, and to set it. */
const BELIEVED_AFTER_SECONDS = 86_400;

/**
 * For acts that nothing undoes: whether what they are about is old enough. It is the clock on the wall, but where that was set forward it goes on
 * from before, by a clock that nobody sets, until the new time has stood for a day. Set back, it is believed at once: then an act comes later. Time that a
 * machine slept counts as set forward. What the wall clock said when this was made is believed.
 */
export class SteadyClock extends Clock {
  /** When both were last in step. */
  private wall: Instant;
  private monotonicAtWall: number;
  private doubt: { readonly aheadSeconds: number; readonly sinceMs: number } | null = null;

  private readonly clock: Clock;
  private readonly monotonicMs: () => number;

  /** @param monotonicMs milliseconds of a clock that is never set; only tests give one */
  constructor(clock: Clock, monotonicMs: () => number = () => performance.now()) {
    super();
    this.clock = clock;
    this.monotonicMs = monotonicMs;
    this.wall = clock.now();
    this.monotonicAtWall = monotonicMs();
  }

  override now(): Instant {
    const wall = this.clock.now();
    const nowMs = this.monotonicMs();
    const expected = instantOf(new Date(Date.parse(this.wall) + nowMs - this.monotonicAtWall));
    const isAhead = wall > expected && !isWithin(TOLERANCE_SECONDS, expected, wall);
    return isAhead && !this.hasStood(wall, expected, nowMs) ? expected : this.believe(wall, nowMs);
  }

  private hasStood(wall: Instant, expected: Instant, nowMs: number): boolean {
    const aheadSeconds = (Date.parse(wall) - Date.parse(expected)) / 1000;
    if (this.doubt === null || Math.abs(aheadSeconds - this.doubt.aheadSeconds) > TOLERANCE_SECONDS) {
      this.doubt = { aheadSeconds, sinceMs: nowMs };
    }
    return nowMs - this.doubt.sinceMs >= BELIEVED_AFTER_SECONDS * 1000;
  }

  private believe(wall: Instant, nowMs: number): Instant {
    this.doubt = null;
    this.wall = wall;
    this.monotonicAtWall = nowMs;
    return wall;
  }
}
