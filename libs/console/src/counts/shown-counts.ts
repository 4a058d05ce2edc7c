import type { TelemetryRow } from '#libs/telemetry';
import { barsWithMargins, formatDay, isTextKey, translate } from '#libs/web-ui';
import type { BarWithMargin, Locale, TextKey } from '#libs/web-ui';

/** Dimensions in the order of the page, each with its name. */
const TITLES = {
  'message-view': 'console.counts.of.messageView',
  'attachment-download': 'console.counts.of.attachmentDownload',
  'sign-in': 'console.counts.of.signIn',
  'hand-in-to-page': 'console.counts.of.handInToPage',
  browser: 'console.counts.of.browser',
  system: 'console.counts.of.system',
  app: 'console.counts.of.app',
} as const satisfies Record<string, TextKey>;
type Counted = keyof typeof TITLES;
const COUNTED = Object.keys(TITLES) as readonly Counted[];

export function isCounted(dimension: string): dimension is Counted {
  return (COUNTED as readonly string[]).includes(dimension);
}

/** One period, and the ways to the one before and the one after it ('' where there is none). */
export interface ShownCounts {
  readonly span: string;
  readonly epsilon: number;
  readonly earlier: string;
  readonly later: string;
  readonly charts: readonly ShownDimension[];
}

interface ShownDimension {
  readonly dimension: Counted;
  readonly title: string;
  /** None where nothing of it may be known. */
  readonly rows: readonly {
    readonly name: string;
    /** `1,412 ± 131` */
    readonly count: string;
    /** Between which numbers the true one is, 19 times out of 20; in words. */
    readonly said: string;
    readonly bar: BarWithMargin;
  }[];
}

/** @param from first day of the period that is asked for; undefined: the newest. Null where no period was written yet. */
export function shownCounts(
  rows: readonly TelemetryRow[],
  from: unknown,
  locale: Locale,
): ShownCounts | null | 'no-such-period' {
  const periods = [...new Set(rows.map((row) => row.from))].toSorted();
  const at = from === undefined ? periods.length - 1 : periods.findIndex((day) => day === from);
  const within = rows.filter((row) => row.from === periods[at]);
  const [first] = within;
  if (first === undefined) return from === undefined ? null : 'no-such-period';
  return {
    span: spanOf(first, locale),
    epsilon: first.epsilon,
    earlier: periods[at - 1] ?? '',
    later: periods[at + 1] ?? '',
    charts: COUNTED.map((dimension) => ({
      dimension,
      title: translate(locale, TITLES[dimension]),
      rows: shownRows(
        within.filter((row) => row.dimension === dimension),
        locale,
      ),
    })),
  };
}

function shownRows(rows: readonly TelemetryRow[], locale: Locale): ShownDimension['rows'] {
  const mostFirst = rows.toSorted((one, other) => other.persons - one.persons || (one.value < other.value ? -1 : 1));
  const bars = barsWithMargins(mostFirst.map(({ persons, margin }) => ({ count: persons, margin })));
  return mostFirst.flatMap(({ value, persons, margin }, n) => {
    const bar = bars[n];
    if (bar === undefined) return [];
    const between = { least: Math.max(0, persons - margin), most: persons + margin };
    const count = translate(locale, 'console.counts.count', { persons, margin });
    return [{ name: nameOf(value, locale), count, said: translate(locale, 'console.counts.between', between), bar }];
  });
}

/** The last day is in it: `until` is the day after. */
function spanOf({ from, until }: TelemetryRow, locale: Locale): string {
  const last = new Date(Date.parse(until) - 24 * 3600 * 1000).toISOString().slice(0, 10);
  return translate(locale, 'console.counts.span', { from: dayOf(from, locale), until: dayOf(last, locale) });
}

function dayOf(day: string, locale: Locale): string {
  return `${formatDay(locale, day)} ${day.slice(0, 4)}`;
}

/** Our own words in the reader's language; browsers and systems are names. */
function nameOf(value: string, locale: Locale): string {
  const name = `console.counts.words.${value.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
  return isTextKey(name) ? translate(locale, name) : value;
}
