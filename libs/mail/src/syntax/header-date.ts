import type { Instant } from '#libs/vocabulary';

/** What a Date field comes to. */
export interface HeaderDate {
  readonly at: Instant;
  /** False where it names no zone, or one that nobody knows: it is taken as UTC then, never as the zone of this machine. */
  readonly isZoneGiven: boolean;
}

const MAX_FIELD = 200;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** Minutes east of UTC of names that mails give (RFC 5322 §4.3, and what European and other mailers write besides). */
const ZONES: Readonly<Record<string, number>> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  wet: 0,
  west: 60,
  bst: 60,
  cet: 60,
  met: 60,
  mez: 60,
  cest: 120,
  mest: 120,
  mesz: 120,
  eet: 120,
  eest: 180,
  msk: 180,
  msd: 240,
  jst: 540,
  kst: 540,
  hkt: 480,
  aest: 600,
  aedt: 660,
  nzst: 720,
  nzdt: 780,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
  akst: -540,
  akdt: -480,
  hst: -600,
};
const CLOCK = String.raw`(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?`;
/** `3 Mar 2026 14:05:06 +0100` (RFC 5322 §3.3), the weekday gone; hyphens as RFC 850 had them. */
const DAY_FIRST = new RegExp(String.raw`^(\d{1,2})[ -]([a-z]{3})[a-z]*\.?[ -](\d{2,4}),? ${CLOCK}(.*)$`, 'i');
/** `Mar 3 14:05:06 2026`, as ctime(3) writes it, with a zone in front of the year or behind it. */
const MONTH_FIRST = new RegExp(
  String.raw`^([a-z]{3})[a-z]* (\d{1,2}) ${CLOCK}((?: [a-z]{1,5}| [+-]\d{4})?) (\d{4})\b(.*)$`,
  'i',
);
/** ISO 8601, as programs write it. */
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})-(\d{2})-(\d{2})[T ]${CLOCK}(.*)$`, 'i');

/**
 * The moment that a Date field names: as RFC 5322 has it, with its obsolete forms, named zones and whatever stands behind.
 * @returns null for what names no certain moment: no year, a day that its month does not have, a year before 1900
 */
export function headerDate(value: string): HeaderDate | null {
  const text = value
    .slice(0, MAX_FIELD)
    .replace(/\([^()]*\)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^[a-z]{2,9}\.?,? ?(?=\d|[a-z]{3})/i, (weekday) =>
      MONTHS.includes(weekday.slice(0, 3).toLowerCase()) ? weekday : '',
    );
  const dayFirst = DAY_FIRST.exec(text);
  if (dayFirst) {
    const [, day, month, year, hours, minutes, seconds, rest = ''] = dayFirst;
    return dateOf([year, monthOf(month), day, hours, minutes, seconds], rest);
  }
  const monthFirst = MONTH_FIRST.exec(text);
  if (monthFirst) {
    const [, month, day, hours, minutes, seconds, before = '', year, behind = ''] = monthFirst;
    return dateOf([year, monthOf(month), day, hours, minutes, seconds], before || behind);
  }
  const yearFirst = YEAR_FIRST.exec(text);
  if (!yearFirst) return null;
  const [, year, month, day, hours, minutes, seconds, rest = ''] = yearFirst;
  return dateOf([year, String(Number(month) - 1), day, hours, minutes, seconds], rest);
}

function monthOf(name = ''): string {
  return String(MONTHS.indexOf(name.toLowerCase()));
}

function dateOf(fields: readonly (string | undefined)[], rest: string): HeaderDate | null {
  const [writtenYear = '', ...others] = fields;
  const [month = -1, day = 0, hours = 0, minutes = 0, seconds = 0] = others.map((each) => Number(each ?? 0));
  const year = fullYear(writtenYear);
  const zone = minutesEast(rest.trim());
  if (month < 0 || month > 11 || day < 1 || hours > 23 || minutes > 59 || seconds > 60 || year < 1900) return null;
  const local = Date.UTC(year, month, day, hours, minutes, Math.min(seconds, 59)); // a leap second is shown as the one before
  if (new Date(local).getUTCDate() !== day) return null;
  return { at: new Date(local - (zone ?? 0) * 60_000).toISOString() as Instant, isZoneGiven: zone !== null };
}

/** RFC 5322 §4.3: of two digits up to 49 this century, else as many years after 1900. */
function fullYear(written: string): number {
  const year = Number(written);
  if (written.length >= 4) return year;
  return written.length === 2 && year < 50 ? 2000 + year : 1900 + year;
}

function minutesEast(rest: string): number | null {
  const [, name = '', sign, hours, minutes = '00'] =
    /^([a-z]{1,5})?,?[ ]?(?:([+-])(\d{1,2}):?(\d{2})?)?(?!\d)/i.exec(rest) ?? [];
  if (sign !== undefined && Number(hours) < 24 && Number(minutes) < 60)
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  return ZONES[name.toLowerCase()] ?? null;
}
