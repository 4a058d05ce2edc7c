import { plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/** Seconds from a try that failed to the next: the schedule that Standard Webhooks recommends. Three days in all. */
export const PAUSES_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;

/** What is due later than this after so many tries was put off by a clock that has been set back since. */
export function latestTryAt(attempts: number, now: Instant): Instant {
  return plusSeconds(now, (PAUSES_SECONDS[attempts - 1] ?? 0) * (1 + JITTER) + 1);
}

/** A tenth: what failed together is not tried together. */
const JITTER = 0.1;

/**
 * @param attempts that failed, the last one included
 * @param chance from 0 up to 1
 * @returns null when it is given up
 */
export function nextTryAt(attempts: number, now: Instant, chance: number): Instant | null {
  const pauseSeconds = PAUSES_SECONDS[attempts - 1];
  return pauseSeconds === undefined ? null : plusSeconds(now, Math.round(pauseSeconds * (1 + JITTER * chance)));
}
