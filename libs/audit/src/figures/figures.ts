import type { Instant } from '#libs/vocabulary';
import type { AuditTrailSource } from '../query/audit-trail-source.ts';
import type { Counted } from './figure-questions.ts';
import { spansBack } from './spans.ts';
import type { CalendarSpan, FigureDays } from './spans.ts';
import { WAITS } from './waits.ts';

/** What there is to look at. */
export const FIGURE_KINDS = ['views', 'sign-ins', 'failed-sign-ins', 'denials', 'first-views', 'codes'] as const;
export type FigureKind = (typeof FIGURE_KINDS)[number];

/** Numbers for one chart and its table: for each of `along` one for each of `series`. Keys are words of the record, to be put into a language. */
export interface Figures {
  readonly kind: FigureKind;
  /** Days (or months) of the calendar, or reasons, or waits. */
  readonly by: 'time' | 'reason' | 'wait';
  readonly along: readonly string[];
  readonly series: readonly string[];
  /** `counts[n][m]`: of `along[n]`, `series[m]`. */
  readonly counts: readonly (readonly number[])[];
  /** Of how many, where that is known: codes that were sent at all. */
  readonly outOf: number | null;
}

export interface FigureSpan {
  readonly days: FigureDays;
  /** The organisation's, IANA. */
  readonly timeZone: string;
  readonly now: Instant;
}

/** What was not shown (yet) stands beside the waits. */
const NOT_SHOWN = 'not-shown';
/** Where there is one series, it needs no name. */
const ONLY = 'all';

/** @throws ReadModelsBusy */
export async function figuresOf(trail: AuditTrailSource, kind: FigureKind, span: FigureSpan): Promise<Figures> {
  const spans = spansBack(span.days, span.timeZone, span.now);
  switch (kind) {
    case 'views':
      return overTime(kind, spans, await trail.countsIn('MessageViewed', spans));
    case 'sign-ins':
      return overTime(kind, spans, await trail.countsIn('RecipientAuthenticated', spans));
    case 'codes': {
      const [issued] = await trail.countsIn('OtpIssued', [wholeOf(spans)]);
      const notArrived = overTime(kind, spans, await trail.countsIn('OtpDeliveryFailed', spans));
      return { ...notArrived, outOf: issued?.count ?? 0 };
    }
    case 'failed-sign-ins':
      return byReason(kind, await trail.countsIn('AuthenticationFailed', [wholeOf(spans)]));
    case 'denials':
      return byReason(kind, await trail.countsIn('ViewDenied', [wholeOf(spans)]));
    case 'first-views': {
      const whole = wholeOf(spans);
      const [sealed] = await trail.countsIn('MessageSealed', [whole]);
      const shown = new Map((await trail.firstViewsIn(whole)).map(({ detail, count }) => [detail, count]));
      const notShown = Math.max(0, (sealed?.count ?? 0) - [...shown.values()].reduce((sum, count) => sum + count, 0));
      const along = [...WAITS, NOT_SHOWN];
      const counts = along.map((wait) => [wait === NOT_SHOWN ? notShown : (shown.get(wait) ?? 0)]);
      return { kind, by: 'wait', along, series: [ONLY], counts, outOf: sealed?.count ?? 0 };
    }
    default:
      return kind satisfies never;
  }
}

function overTime(kind: FigureKind, spans: readonly CalendarSpan[], counted: readonly Counted[]): Figures {
  const series = mostFirst(counted);
  const found = new Map(counted.map(({ span, detail, count }) => [`${span} ${detail}`, count]));
  const counts = spans.map((_, span) => series.map((detail) => found.get(`${span} ${detail}`) ?? 0));
  return { kind, by: 'time', along: spans.map(({ key }) => key), series, counts, outOf: null };
}

function byReason(kind: FigureKind, counted: readonly Counted[]): Figures {
  const along = mostFirst(counted);
  const counts = along.map((reason) => [counted.find(({ detail }) => detail === reason)?.count ?? 0]);
  return { kind, by: 'reason', along, series: [ONLY], counts, outOf: null };
}

/** In whichever order the record comes, charts of the same numbers look the same. */
function mostFirst(counted: readonly Counted[]): string[] {
  const sums = new Map<string, number>();
  for (const { detail, count } of counted) sums.set(detail, (sums.get(detail) ?? 0) + count);
  return [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([detail]) => detail);
}

function wholeOf(spans: readonly CalendarSpan[]): { from: string; to: string } {
  return { from: spans[0]?.from ?? '', to: spans.at(-1)?.to ?? '' };
}
