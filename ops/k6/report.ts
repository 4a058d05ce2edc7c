import type { Summary } from './k6.ts';
import type { PortalFigures } from './portal-watch.ts';

const MIB = 1024 * 1024;

export interface JourneyLine {
  readonly journey: string;
  readonly rounds: number;
  readonly errors: number;
  /** Answers that said to come back later. */
  readonly turnedAway: number;
  readonly requests: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Median of one round's time in bare pages asked for at the same moments; NaN where it was not asked. */
  readonly barePages: number;
  readonly isWithin: boolean;
}

export function journeyLine({ metrics }: Summary, journey: string): JourneyLine {
  const of = (name: string) => metrics[`${name}{journey:${journey}}`];
  const value = (name: string, what: string) => of(name)?.values[what] ?? NaN;
  const names = ['segl_round_bare_pages', 'segl_errors', 'segl_rounds', 'segl_turned_away'];
  const missed = names.flatMap((name) => Object.values(of(name)?.thresholds ?? {})).filter(({ ok }) => !ok);
  return {
    journey,
    rounds: value('segl_rounds', 'count') || 0,
    errors: value('segl_errors', 'count') || 0,
    turnedAway: value('segl_turned_away', 'count') || 0,
    requests: value('http_reqs', 'count') || 0,
    medianMs: value('segl_round_ms', 'med'),
    p95Ms: value('segl_round_ms', 'p(95)'),
    barePages: value('segl_round_bare_pages', 'med'),
    isWithin: missed.length === 0,
  };
}

/** One row for each, as wide as a terminal. @param seconds that were measured */
export function journeyTable(lines: readonly JourneyLine[], seconds: number): string {
  const row = (cells: readonly string[]) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(16) : cell.padStart(12))).join('');
  const rows = lines.map((line) =>
    row([
      line.journey,
      (line.rounds / seconds).toFixed(1),
      (line.requests / seconds).toFixed(1),
      line.medianMs.toFixed(1),
      line.p95Ms.toFixed(1),
      Number.isNaN(line.barePages) ? '–' : line.barePages.toFixed(1),
      String(line.turnedAway),
      `${line.errors}${line.isWithin ? '' : ' !'}`,
    ]),
  );
  return [
    row(['journey', 'rounds/s', 'requests/s', 'median ms', 'p95 ms', 'bare pages', 'turned away', 'errors']),
    ...rows,
  ].join('\n');
}

export function machineLine(figures: readonly PortalFigures[]): string {
  const resident = figures.map(({ residentBytes }) => residentBytes / MIB);
  const stalls = figures.map(({ stallMs }) => stallMs).sort((one, other) => one - other);
  const files = figures.map(({ openFiles }) => openFiles);
  return [
    `memory ${resident[0]?.toFixed(0)} to ${resident.at(-1)?.toFixed(0)} MiB, ${Math.max(...resident).toFixed(0)} at most`,
    `event loop stood still for ${stalls.at(-1)?.toFixed(0)} ms at most, median of the longest in each look ${stalls[Math.floor(stalls.length / 2)]?.toFixed(0)} ms`,
    `open files ${files[0]} to ${files.at(-1)}, ${Math.max(...files)} at most`,
  ].join('\n');
}
