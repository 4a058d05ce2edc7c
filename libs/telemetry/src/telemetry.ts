import { RevisionConflict, streamName } from '#libs/event-store';
import type { DomainEvent, EventStore, ExpectedRevision, StreamDescriptor } from '#libs/event-store';
import { newEventId } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import { clientOf } from './client.ts';
import { handInToPage } from './dimensions.ts';
import type { Dimension, Dimensions } from './dimensions.ts';
import { Tally } from './tally.ts';
import type { CountedCell } from './tally.ts';

/** All that telemetry ever writes. One dimension for each event; the day (UTC) is the one it was written on. */
export type TelemetryEvent = DomainEvent<
  'TelemetryTallied',
  {
    readonly dimension: Dimension;
    readonly talliedOn: string;
    readonly cells: readonly { readonly value: string; readonly count: number }[];
  }
>;

export const telemetryEvents = {
  category: 'telemetry',
  names: 'nothing',
  events: {
    TelemetryTallied: {
      version: 1,
      evidence: 'statistics',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: {},
      words: [],
    },
  },
} as const satisfies StreamDescriptor<TelemetryEvent>;

export const telemetryStream = streamName(telemetryEvents.category, 'tallies');

export interface TelemetryOptions {
  /**
   * How long on average between two writings, in seconds; default an hour. Each pause is drawn between half and one and a half
   * times that, so that the moment of writing says nothing about the moment of any visit.
   */
  readonly flushEverySeconds?: number;
  /** Told when writing failed; the counts wait for the next time. */
  readonly onFailure?: (error: unknown) => void;
}

interface Pending {
  readonly events: readonly TelemetryEvent[];
  expected: ExpectedRevision;
}

/** 20 collisions in a row on a stream that is written once an hour: something else is wrong. */
const MAX_CONFLICTS = 20;

/** Counts, and watches nobody. Counting never waits and never throws: no page hangs on it. */
export class Telemetry {
  private readonly tally = new Tally();
  private timer: NodeJS.Timeout | null = null;
  /** Where the stream stood when we last saw it: saves reading it. */
  private revision: ExpectedRevision = 'NONE';
  /** Given to the store, outcome unknown: given again with the same ids. */
  private pending: Pending | null = null;
  private flushing: Promise<void> | null = null;

  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly options: TelemetryOptions = {},
  ) {}

  /** @param visitId see Tally.count: the person id where there is one, otherwise the browser's id or network */
  count<Name extends Dimension>(visitId: string, dimension: Name, value: Dimensions[Name]): void {
    this.tally.count(visitId, dimension, value);
  }

  /** What the page is shown with: browser, system and kind of app, each on its own. */
  countClient(visitId: string, userAgent: string | undefined): void {
    const { browser, system, app } = clientOf(userAgent);
    this.count(visitId, 'browser', browser);
    this.count(visitId, 'system', system);
    this.count(visitId, 'app', app);
  }

  countHandInToPage(visitId: string, seconds: number): void {
    this.count(visitId, 'hand-in-to-page', handInToPage(seconds));
  }

  /** Begins to write now and then. May be called twice. */
  start(): void {
    if (this.timer !== null) return;
    const mean = (this.options.flushEverySeconds ?? 3600) * 1000;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.start();
        void this.flush();
      },
      mean * (0.5 + Math.random()),
    );
    this.timer.unref();
  }

  /** Writes what may be known; what is under ten visits is dropped. May be called twice. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.flush();
  }

  /** Writes the cells that ten different visits are in. Never rejects. */
  async flush(): Promise<void> {
    while (this.flushing !== null) await this.flushing;
    this.flushing = this.write().catch((error: unknown) => this.options.onFailure?.(error));
    await this.flushing;
    this.flushing = null;
  }

  private async write(): Promise<void> {
    if (this.pending !== null) await this.append(this.pending);
    const ready = this.tally.takeReady();
    if (ready.length === 0) return;
    const talliedOn = this.clock.now().slice(0, 10);
    const events = ready.map(({ dimension, cells }) => ({
      type: 'TelemetryTallied' as const,
      id: newEventId(),
      data: { dimension, talliedOn, cells: inNameOrder(cells) },
    }));
    this.pending = { events, expected: this.revision };
    await this.append(this.pending);
  }

  private async append(pending: Pending): Promise<void> {
    for (let conflicts = 0; ; conflicts++) {
      try {
        this.revision = (await this.store.append(telemetryStream, pending.expected, pending.events)).revision;
        this.pending = null;
        return;
      } catch (error) {
        if (!(error instanceof RevisionConflict) || conflicts === MAX_CONFLICTS) throw error;
        pending.expected = error.actual; // another process wrote meanwhile
      }
    }
  }
}

/** The order in which cells came to be is the order of visits: it is not written. */
function inNameOrder(cells: readonly CountedCell[]): CountedCell[] {
  return cells.toSorted((one, other) => (one.value < other.value ? -1 : 1));
}
