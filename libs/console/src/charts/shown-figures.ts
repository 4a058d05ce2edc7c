import type { FigureKind, Figures } from '#libs/audit';
import { barLengths, drawBars, formatDay, isTextKey, translate } from '#libs/web-ui';
import type { BarChart, Locale } from '#libs/web-ui';
import { wordIn } from '../trail/value-words.ts';
import type { ValueGroup } from '../trail/value-words.ts';

/** One chart with its table, in words. */
export interface ShownFigures {
  readonly kind: FigureKind;
  readonly title: string;
  /** What the chart says, for whoever does not see it. */
  readonly label: string;
  readonly outOf: string;
  readonly isEmpty: boolean;
  /** Over time: bars beside each other. Null otherwise: then each row of the table has its own. */
  readonly chart: BarChart | null;
  readonly along: string;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly name: string;
    /** The record's own word for it; empty where that is none. */
    readonly own: string;
    readonly cells: readonly number[];
    readonly bar: string;
  }[];
}

const TITLES = {
  views: 'console.figures.views',
  'sign-ins': 'console.figures.signIns',
  'failed-sign-ins': 'console.figures.failedSignIns',
  denials: 'console.figures.denials',
  'first-views': 'console.figures.firstViews',
  codes: 'console.figures.codes',
} as const satisfies Record<FigureKind, string>;

/** Whose values stand in a chart, where they are an event's. */
const VALUES: Readonly<Partial<Record<FigureKind, ValueGroup>>> = {
  views: 'method',
  'sign-ins': 'method',
  'failed-sign-ins': 'signInFailure',
  denials: 'denial',
  codes: 'codeFailure',
};

const ALONG = {
  time: 'console.figures.by.time',
  reason: 'console.figures.by.reason',
  wait: 'console.figures.by.wait',
} as const;

export function shownFigures(figures: Figures, locale: Locale): ShownFigures {
  const { kind, by, counts, outOf } = figures;
  const title = translate(locale, TITLES[kind]);
  const along = figures.along.map((key) => (by === 'time' ? formatDay(locale, key) : wordFor(locale, kind, key)));
  const series = figures.series.map((key) => wordFor(locale, kind, key));
  const sums = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const total = sums.reduce((sum, count) => sum + count, 0);
  const [count, most = ''] = sums.reduce((best, sum, n) => (sum > best[0] ? ([sum, along[n] ?? ''] as const) : best), [
    0,
    '',
  ] as readonly [number, string]);
  const said =
    total === 0
      ? translate(locale, 'console.figures.none')
      : translate(locale, 'console.figures.said', { total, most, count });
  const bars = barLengths(sums);
  const rows = along.map((name, n) => ({
    ...{ name, own: by === 'reason' ? (figures.along[n] ?? '') : '' },
    ...{ cells: counts[n] ?? [], bar: bars[n] ?? '0%' },
  }));
  return {
    ...{ kind, title, label: `${title}. ${said}`, isEmpty: total === 0 },
    outOf: outOf === null ? '' : translate(locale, 'console.figures.outOf', { count: outOf }),
    chart: by === 'time' ? drawBars({ along, series, counts }, locale) : null,
    along: translate(locale, ALONG[by]),
    columns: series,
    rows: by === 'time' ? rows.toReversed() : rows, // days are read from the latest
  };
}

/** A word of the record in the reader's language; as it is where a later release wrote it. */
function wordFor(locale: Locale, kind: FigureKind, key: string): string {
  const group = VALUES[kind];
  const ours = `console.figures.words.${key.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
  const word = (group === undefined ? null : wordIn(group, key)) ?? (isTextKey(ours) ? ours : null);
  return word === null ? key : translate(locale, word);
}
