const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long a message waited for its first view: each with the seconds under which it is, shortest first. */
const UNDER_SECONDS = {
  'ten-minutes': 10 * MINUTE,
  hour: HOUR,
  'four-hours': 4 * HOUR,
  day: DAY,
  'three-days': 3 * DAY,
  week: 7 * DAY,
  longer: Infinity,
} as const;
export type Wait = keyof typeof UNDER_SECONDS;
export const WAITS = Object.keys(UNDER_SECONDS) as readonly Wait[];

/** Less than nothing, as where two clocks differ, is the shortest. */
export function waitOf(seconds: number): Wait {
  return WAITS.find((wait) => seconds < UNDER_SECONDS[wait]) ?? 'longer';
}
