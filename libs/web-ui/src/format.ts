import type { Instant } from '#libs/vocabulary';
import { regionalOf } from './locales/translate.ts';
import type { Locale } from './locales/translate.ts';

export type InstantStyle = 'full' | 'date' | 'time' | 'minute' | 'stamp';

/** As the language's region writes it, with a clock of 24 hours, and always the name of the zone: a time without it is a guess. */
const FIELDS: Record<InstantStyle, Intl.DateTimeFormatOptions> = {
  full: { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' },
  date: { day: 'numeric', month: 'long', year: 'numeric' },
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' },
  minute: { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' },
  // What stands in the record, with the offset from UTC: names of zones are not the same everywhere.
  stamp: {
    ...{ day: 'numeric', month: 'short', year: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'longOffset' },
  },
};
const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError when `instant` is not a time, or the zone has no such name */
export function formatInstant(locale: Locale, instant: Instant, style: InstantStyle, timeZone: string): string {
  const name = `${locale} ${style} ${timeZone}`;
  let format = formats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(regionalOf(locale), { ...FIELDS[style], hourCycle: 'h23', timeZone });
    formats.set(name, format);
  }
  return format.format(new Date(instant));
}

/** `2026-11-30` as `30 Nov`, `2026-11` as `Nov 2026`: a day or month of a calendar, in whichever zone. */
export function formatDay(locale: Locale, day: string): string {
  const [year = 1970, month = 1, date] = day.split('-').map(Number);
  const fields: Intl.DateTimeFormatOptions =
    date === undefined ? { month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' };
  const format = new Intl.DateTimeFormat(regionalOf(locale), { ...fields, timeZone: 'UTC' });
  return format.format(Date.UTC(year, month - 1, date ?? 1));
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** A size as mail programs show it, in powers of 1000, at most one digit after the point. */
export function formatBytes(locale: Locale, bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return sizeFormat(locale, unit, value < 10 && unit > 0 ? 1 : 0).format(value);
}

const sizeFormats = new Map<string, Intl.NumberFormat>();

/** Made once: making one takes longer than all else about a line of a list, and a list may have a thousand. */
function sizeFormat(locale: Locale, unit: number, maximumFractionDigits: number): Intl.NumberFormat {
  const name = `${locale} ${unit} ${maximumFractionDigits}`;
  let format = sizeFormats.get(name);
  if (format === undefined) {
    const unitDisplay = unit === 0 ? 'long' : 'short';
    const style = { style: 'unit', unit: UNITS[unit] ?? 'byte', unitDisplay, maximumFractionDigits } as const;
    sizeFormats.set(name, (format = new Intl.NumberFormat(regionalOf(locale), style)));
  }
  return format;
}

/**
 * An address for an `href` or `action`: `url('/m', messageId, 'view')` → `/m/<messageId>/view`, each part after the first
 * encoded. Only paths of this portal, http(s) and mailto come through.
 *
 * @throws TypeError for any other scheme, `//host`, or a part that is not a text or a number
 */
export function url(first: unknown, parts: readonly unknown[], query: Readonly<Record<string, unknown>> = {}): string {
  if (typeof first !== 'string' || !/^(\/(?![/\\])|https?:\/\/|mailto:)/.test(first))
    throw new TypeError('not an address that a page may point to');
  if (/[\p{Cc}\\]/u.test(first)) throw new TypeError('not an address that a page may point to');
  const path = parts.map((part) => `/${encodeURIComponent(plain(part))}`).join('');
  const search = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(plain(value))}`,
  );
  return first + path + (search.length > 0 ? `?${search.join('&')}` : '');
}

function plain(part: unknown): string {
  if (typeof part === 'string' || typeof part === 'number') return String(part);
  throw new TypeError('a part of an address is missing');
}
