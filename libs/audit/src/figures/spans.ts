import type { Instant } from '#libs/vocabulary';
import { HOUR_CHARACTERS } from '../read-models/audit-terms.ts';
import type { HourSpan } from './figure-questions.ts';

/** How far back a chart looks, in days; the longest is shown by the month. */
export const FIGURE_DAYS = [7, 30, 90, 365] as const;
export type FigureDays = (typeof FIGURE_DAYS)[number];

/** `2026-11-30`, or `2026-11` in a chart by the month: of the organisation's own calendar. */
export type CalendarSpan = HourSpan & { readonly key: string };

const HOUR_MS = 3_600_000;
const DAY_CHARACTERS = 10;
const MONTH_CHARACTERS = 7;

/**
 * The days, or months, up to and with the present one, oldest first. Hours are those of UTC: in a zone that is off by half an hour,
 * the half hour around midnight falls to the day before.
 */
export function spansBack(days: FigureDays, timeZone: string, now: Instant): CalendarSpan[] {
  const characters = days === 365 ? MONTH_CHARACTERS : DAY_CHARACTERS;
  const date = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const spans: { key: string; from: string; to: string }[] = [];
  const lastHour = Math.floor(Date.parse(now) / HOUR_MS);
  // A day more, of which all but the hours of the first whole day are dropped: days have 23 to 25 hours.
  for (let hour = lastHour - (days + 1) * 24; hour <= lastHour; hour++) {
    const key = date.format(hour * HOUR_MS).slice(0, characters);
    const to = hourText(hour + 1);
    const last = spans.at(-1);
    if (last?.key === key) last.to = to;
    else spans.push({ key, from: hourText(hour), to });
  }
  return days === 365 ? spans.slice(-13) : spans.slice(-days);
}

function hourText(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString().slice(0, HOUR_CHARACTERS);
}
