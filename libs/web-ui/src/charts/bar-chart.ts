import { nice, ticks } from 'd3-array';
import { regionalOf } from '../locales/translate.ts';
import type { Locale } from '../locales/translate.ts';

/** Numbers to draw: for each of `along` one for each of `series`. All words are in the reader's language already. */
export interface BarNumbers {
  readonly along: readonly string[];
  readonly series: readonly string[];
  readonly counts: readonly (readonly number[])[];
}

/** What the partial `bar-chart` needs. Heights are pixels, and what lies along the chart are shares of its width, so that it fits every screen. */
export interface BarChart {
  readonly height: number;
  readonly foot: number;
  readonly lines: readonly { readonly y: number; readonly text: string }[];
  readonly bars: readonly {
    readonly x: string;
    readonly width: string;
    readonly parts: readonly {
      readonly y: number;
      readonly height: number;
      readonly look: string;
      readonly said: string;
    }[];
  }[];
  readonly names: readonly { readonly x: string; readonly text: string }[];
  /** Empty where there is one series alone. */
  readonly legend: readonly { readonly look: string; readonly text: string }[];
}

const TOP = 10;
const PLOT = 180;
const FOOT = 26;
/** Room for the numbers at the side: on a phone, 280 px wide, five digits. */
const SIDE_PERCENT = 13;
/** Names under the bars that a phone has room for. */
const MAX_NAMES = 5;
/** Looks that the stylesheet has; what comes after shares the last. */
const LOOKS = 6;

export function drawBars({ along, series, counts }: BarNumbers, locale: Locale): BarChart {
  const number = new Intl.NumberFormat(regionalOf(locale));
  const sums = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const [, top] = nice(0, Math.max(4, ...sums), 4) as [number, number];
  const yOf = (count: number) => rounded(TOP + PLOT * (1 - count / top));
  const slot = (100 - SIDE_PERCENT) / Math.max(1, along.length);
  const step = Math.ceil(along.length / MAX_NAMES);
  return {
    height: TOP + PLOT + FOOT,
    foot: TOP + PLOT + 18,
    lines: ticks(0, top, 4).map((count) => ({ y: yOf(count), text: number.format(count) })),
    bars: along.map((name, n) => {
      let below = 0;
      const parts = series.flatMap((said, m) => {
        const count = counts[n]?.[m] ?? 0;
        if (count === 0) return [];
        const from = yOf(below);
        below += count;
        const y = yOf(below);
        return [{ y, height: rounded(from - y), look: lookOf(m), said: `${name}: ${said} ${number.format(count)}` }];
      });
      return { x: percent(SIDE_PERCENT + slot * (n + 0.1)), width: percent(slot * 0.8), parts };
    }),
    names: along.flatMap((text, n) => (n % step === 0 ? [{ x: percent(SIDE_PERCENT + slot * (n + 0.5)), text }] : [])),
    legend: series.length < 2 ? [] : series.map((text, m) => ({ look: lookOf(m), text })),
  };
}

/** One bar of a table in which each row has one: its length as a share of the longest. */
export function barLengths(counts: readonly number[]): string[] {
  const longest = Math.max(1, ...counts);
  return counts.map((count) => percent((100 * count) / longest));
}

/** A bar, and the two ends of the line that says how far the true number may be from it: shares of the room there is. */
export interface BarWithMargin {
  readonly length: string;
  readonly least: string;
  readonly most: string;
}

/** As `barLengths`, for numbers that are known within a margin; there is room for the largest with its margin. */
export function barsWithMargins(
  numbers: readonly { readonly count: number; readonly margin: number }[],
): BarWithMargin[] {
  const longest = Math.max(1, ...numbers.map(({ count, margin }) => count + margin));
  const share = (count: number) => percent(Math.max(0, (100 * count) / longest));
  return numbers.map(({ count, margin }) => ({
    length: share(count),
    least: share(count - margin),
    most: share(count + margin),
  }));
}

function lookOf(series: number): string {
  return `look-${Math.min(series + 1, LOOKS)}`;
}

function percent(share: number): string {
  return `${rounded(share)}%`;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
