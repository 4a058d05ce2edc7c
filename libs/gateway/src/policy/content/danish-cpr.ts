import type { ContentDetector } from './detector.ts';

/** Day, month, year, and four digits; a hyphen or a space between, or nothing. */
const CANDIDATE = /(?<![\d-])(\d{2})(\d{2})(\d{2})[ -]?(\d{4})(?![\d-])/g;

/**
 * Danish CPR numbers: a day that existed, in the century that the seventh digit says (cpr.dk, "Personnummeret i CPR"), and has come. The check
 * digit is no test: since 2007 numbers without one are given out.
 */
export function danishCpr(today: () => Date): ContentDetector {
  return {
    id: 'danish-cpr',
    *findIn(text) {
      for (const [, day = '', month = '', year = '', serial = ''] of text.matchAll(CANDIDATE)) {
        const fullYear = centuryOf(Number(year), Number(serial[0])) + Number(year);
        const born = new Date(Date.UTC(fullYear, Number(month) - 1, Number(day)));
        const exists = born.getUTCMonth() === Number(month) - 1 && born.getUTCDate() === Number(day);
        if (exists && Number(day) > 0 && born <= today()) yield `${day}${month}${year}${serial}`;
      }
    },
  };
}

function centuryOf(year: number, seventhDigit: number): number {
  if (seventhDigit <= 3) return 1900;
  if (seventhDigit === 4 || seventhDigit === 9) return year <= 36 ? 2000 : 1900;
  return year <= 57 ? 2000 : 1800;
}
