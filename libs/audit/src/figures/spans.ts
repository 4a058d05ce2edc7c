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
  const isByMonth = days === 365;
  const characters = isByMonth ? MONTH_CHARACTERS : DAY_CHARACTERS;
  const date = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const keyAt = (hour: number): string => date.format(hour * HOUR_MS).slice(0, characters);
  const end = Math.floor(Date.parse(now) / HOUR_MS) + 1;
  const longestHours = isByMonth ? 32 * 24 : 26;
  const spans: CalendarSpan[] = [];
  for (let to = end; spans.length < (isByMonth ? 13 : days);) {
    const key = keyAt(to - 1);
    // Between an hour that is not of this span any more and one that is: the first of it, in a few steps.
    let [before, first] = [to - 1 - longestHours, to - 1];
    while (first - before > 1) {
      const middle = Math.floor((before + first) / 2);
      if (keyAt(middle) === key) first = middle;
      else before = middle;
    }
    spans.unshift({ key, from: hourText(first), to: hourText(to) });
    to = first;
  }
  return spans;
}

function hourText(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString().slice(0, HOUR_CHARACTERS);
}
