import { runK6 } from './k6.ts';
import { PortalWatch } from './portal-watch.ts';
import type { PortalFigures } from './portal-watch.ts';
import { journeyLine, journeyTable, machineLine } from './report.ts';
import type { JourneyLine } from './report.ts';
import { settingsOf } from './run.ts';
import type { Run } from './run.ts';
import { MOST_BARE_PAGES } from './thresholds.ts';

const READERS = 2;
const SECONDS = 60;
/** Of every reader a round in two seconds: enough to meet each other, too little to measure how much there can be. */
const PACE_SECONDS = 2;

export interface MeasuredJourneys {
  readonly seconds: number;
  readonly lines: readonly JourneyLine[];
  /** Milliseconds of a bare page. */
  readonly bare: { readonly median: number; readonly p95: number };
  readonly figures: readonly PortalFigures[];
}

/** Every journey at once. @returns whether all thresholds were met */
export async function runJourneys(run: Run): Promise<boolean> {
  const { seconds, lines, bare, figures } = await measureJourneys(run);
  run.say(journeyTable(lines, seconds));
  run.say(`a bare page: median ${bare.median.toFixed(2)} ms, p95 ${bare.p95.toFixed(2)} ms`);
  run.say(machineLine(figures));
  const missed = lines.filter(({ isWithin }) => !isWithin);
  for (const { journey, barePages, errors, turnedAway } of missed)
    run.say(
      `MISSED: ${journey}: ${errors} errors, ${turnedAway} turned away, ${barePages.toFixed(1)} bare pages where ${MOST_BARE_PAGES[journey]} are the most`,
    );
  return missed.length === 0;
}

export async function measureJourneys(run: Run): Promise<MeasuredJourneys> {
  const names = Object.keys(MOST_BARE_PAGES);
  const journeys = run.journeys.length > 0 ? run.journeys : names;
  const unknown = journeys.filter((journey) => !names.includes(journey));
  if (unknown.length > 0) throw new Error(`no such journey: ${unknown.join(', ')}; there are ${names.join(', ')}`);
  const [seconds, readers] = [run.seconds ?? SECONDS, run.readers ?? READERS];
  const readySeconds = 2 + 0.5 * readers * journeys.length;
  const watch = new PortalWatch(run.house.pid, run.house.managementPort, 1000);
  const asked = { journeys, readers, seconds, readySeconds, paceSeconds: PACE_SECONDS };
  const summary = await runK6(run.k6, 'rounds.ts', settingsOf(run, asked));
  watch.end();
  const { med = NaN, 'p(95)': p95 = NaN } = summary.metrics['http_req_duration{journey:bare}']?.values ?? {};
  const lines = journeys.map((journey) => journeyLine(summary, journey));
  return { seconds, lines, bare: { median: med, p95 }, figures: watch.figures.slice(1) };
}
