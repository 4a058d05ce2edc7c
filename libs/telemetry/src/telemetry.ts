import { decideAndAppend } from '#libs/event-store';
import type { DomainEvent, EventStore, StreamDescriptor } from '#libs/event-store';
import { newEventId, SteadyClock } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import { clientOf } from './client.ts';
import { handInToPage } from './dimensions.ts';
import type { Dimension, Dimensions } from './dimensions.ts';
import { noisyCells } from './noisy-cells.ts';
import type { NoisyCell } from './noisy-cells.ts';
import { PeriodCounts } from './period-counts.ts';
import { Chance } from './privacy/chance.ts';
import { DEFAULT_PRIVACY, privacyBudget } from './privacy/privacy-budget.ts';
import type { PrivacyBudget, PrivacySettings } from './privacy/privacy-budget.ts';
import { isStillUnwritten, telemetryStream, writtenPeriods } from './written-periods.ts';
import type { EndedPeriod } from './written-periods.ts';

/** All that telemetry ever writes: one event for each dimension of a period, also where no cell may be known. */
export type TelemetryEvent =
  | DomainEvent<
      'NoisyCountsWritten',
      {
        readonly dimension: Dimension;
        /**
         * What was counted of the period: its first day, or the later one on which the process began that wrote this, and the first day after it (UTC).
         */
        readonly from: string;
        readonly until: string;
        /** Of all dimensions of the period together. */
        readonly epsilon: number;
        readonly cells: readonly NoisyCell[];
      }
    >
  /** Exact counts, as releases before 0.2 wrote them. Nobody writes or reads them any more. */
  | DomainEvent<
      'TelemetryTallied',
      {
        readonly dimension: Dimension | 'error';
        readonly talliedOn: string;
        readonly cells: readonly { readonly value: string; readonly count: number }[];
      }
    >;

const STATISTICS = {
  version: 1,
  evidence: 'statistics',
  outcome: 'done',
  persons: {},
  encrypted: {},
  messages: {},
  facts: {},
  words: [],
} as const;

export const telemetryEvents = {
  category: 'telemetry',
  names: 'nothing',
  events: { NoisyCountsWritten: STATISTICS, TelemetryTallied: STATISTICS },
} as const satisfies StreamDescriptor<TelemetryEvent>;

export interface TelemetryOptions {
  readonly privacy?: PrivacySettings;
  /** Called when writing failed; the counts wait for the next time. */
  readonly onFailure?: (error: unknown) => void;
  /** Between two looks at whether a period has ended, in seconds; default an hour. */
  readonly lookEverySeconds?: number;
  /** Only tests give one. */
  readonly chance?: Chance;
  /** Of a clock that is never set (SteadyClock). Only tests give one. */
  readonly monotonicMs?: () => number;
}

interface Period {
  readonly number: number;
  /** Since 1970: the first day of the period that is counted. */
  readonly fromDay: number;
  readonly counts: PeriodCounts;
}

/** What is to be written of a period that has ended: drawn once, then given to the store with the same ids until that answers. */
interface Drawn {
  readonly period: EndedPeriod;
  readonly events: readonly TelemetryEvent[];
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Counts, and watches nobody. Counting never waits and never throws: no page hangs on it. What is counted in a period is written once, after it has
 * ended and with noise; what a process has counted of a period that has not ended is dropped when it stops. Of several
 * processes the first writes, the others drop theirs, also where they count by periods of another length: what can be told of one person is
 * bounded whatever runs, and however the settings change.
 */
export class Telemetry {
  private readonly budget: PrivacyBudget;
  private readonly chance: Chance;
  /** One that is set forward for a minute would end the period, and begin one that nobody counts in for as long as the jump. */
  private readonly clock: SteadyClock;
  private current: Period;
  private readonly drawn: Drawn[] = [];
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: EventStore,
    clock: Clock,
    private readonly options: TelemetryOptions = {},
  ) {
    this.budget = privacyBudget(options.privacy ?? DEFAULT_PRIVACY);
    this.chance = options.chance ?? new Chance();
    this.clock = new SteadyClock(clock, options.monotonicMs);
    this.current = this.periodBegun();
  }

  /** @param personId see PeriodCounts.count */
  count<Name extends Dimension>(personId: string, dimension: Name, value: Dimensions[Name]): void {
    this.countsOfNow().count(personId, dimension, value);
  }

  /** What the page is shown with: browser, system and kind of app, each on its own. */
  countClient(personId: string, userAgent: string | undefined): void {
    const { browser, system, app } = clientOf(userAgent);
    this.count(personId, 'browser', browser);
    this.count(personId, 'system', system);
    this.count(personId, 'app', app);
  }

  countHandInToPage(personId: string, seconds: number): void {
    this.count(personId, 'hand-in-to-page', handInToPage(seconds));
  }

  /** Begins to write what has ended, now and then. May be called twice. */
  start(): void {
    if (this.timer !== null) return;
    const mean = (this.options.lookEverySeconds ?? 3600) * 1000;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.start();
        void this.write();
      },
      mean * (0.5 + Math.random()), // so that not every process writes at once
    );
    this.timer.unref();
  }

  /** Writes what has ended; the rest is dropped. May be called twice. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.write();
    this.current = this.periodBegun();
  }

  /** Writes the periods that have ended. Never rejects. */
  async write(): Promise<void> {
    this.endPeriod();
    this.writing = this.writing
      .then(() => this.writeDrawn())
      .catch((error: unknown) => this.options.onFailure?.(error));
    await this.writing;
  }

  private async writeDrawn(): Promise<void> {
    for (let next = this.drawn[0]; next; next = this.drawn[0]) {
      const { period, events } = next;
      await decideAndAppend(
        this.store,
        telemetryStream(),
        writtenPeriods,
        (written) => (isStillUnwritten(written, period) ? events : []), // else another process was first: ours is never known
      );
      this.drawn.shift();
    }
  }

  private countsOfNow(): PeriodCounts {
    this.endPeriod();
    return this.current.counts;
  }

  /**
   * The noise is drawn here, once: whatever becomes of the writing, nobody sees two draws of one count. It is done for every period that has ended
   * and every dimension, with or without anybody in it: whether a process claims a period must not hang on one person either.
   */
  private endPeriod(): void {
    const { number, fromDay, counts } = this.current;
    if (this.periodNumber() <= number) return; // a clock set back ends nothing
    const { settings } = this.budget;
    const next = this.periodNumber();
    this.current = { number: next, fromDay: next * settings.periodDays, counts: new PeriodCounts() };
    const until = dayOf((number + 1) * settings.periodDays);
    const common = { from: dayOf(fromDay), until, epsilon: settings.epsilon };
    const events = [...counts.cells()].map(([dimension, sampled]) => ({
      type: 'NoisyCountsWritten' as const,
      id: newEventId(),
      data: { dimension, ...common, cells: noisyCells(sampled, this.budget, this.chance) },
    }));
    this.drawn.push({ period: { begins: dayOf(number * settings.periodDays), until }, events });
  }

  /** From today on: what came before in this period was dropped, or counted by nobody. */
  private periodBegun(): Period {
    const fromDay = Math.floor(Date.parse(this.clock.now()) / DAY_MS);
    return { number: this.periodNumber(), fromDay, counts: new PeriodCounts() };
  }

  private periodNumber(): number {
    return Math.floor(Date.parse(this.clock.now()) / (this.budget.settings.periodDays * DAY_MS));
  }
}

function dayOf(daysSince1970: number): string {
  return new Date(daysSince1970 * DAY_MS).toISOString().slice(0, 10);
}
