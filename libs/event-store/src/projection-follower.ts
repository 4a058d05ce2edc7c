import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Instant } from '#libs/vocabulary';
import { secondsBetween } from '#libs/vocabulary';
import { readState } from './decide-and-append.ts';
import { presentShape } from './event-catalogue.ts';
import { DamagedRecord } from './event-store.ts';
import type { EventStore, RecordedEvent } from './event-store.ts';
import { passedOver, projectionStream } from './passed-over.ts';
import type { PassedOver } from './passed-over.ts';
import type { Projection, ProjectionStatus } from './projection-runner.ts';
import { HandlerFailed, ProjectionStopped, recordDiffers, stoppedAtDamage } from './projection-stop.ts';
import type { ProjectionStop } from './projection-stop.ts';
import { isContentRemoved } from './record-leaf.ts';
import { isInstalled } from './projection-succession.ts';
import type { Succession } from './projection-succession.ts';
import { savedPlace, savePlace } from './projection-tables.ts';
import type { SavedPlace } from './projection-tables.ts';
import type { ReadModelDatabase, ReadModels } from './read-models.ts';

export interface FollowerLimits {
  /** Events in one transaction. */
  readonly maxBatchEvents: number;
  /** A transaction that has taken this long is committed with what it has: others want the thread too. */
  readonly maxBatchMs: number;
  /** Between two transactions; none: one turn of the event loop. */
  readonly pauseMs?: number;
  /** As SubscribeOptions. Not waited for by who asks for `caughtUp`. */
  readonly gatherMs?: number | undefined;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** Fills tables beside those that serve, until it has caught up (projection-succession.ts). */
export interface Successor extends Succession {
  /** It holds all there is: the place of the others is to be taken. */
  readonly caughtUp: () => Promise<void>;
  /** Another process did that, or began anew. */
  readonly gone: () => void;
  /** It stands still in front of an event, or of another record. */
  readonly stopped: (error: ProjectionStopped) => void;
}

type Handler = (db: ReadModelDatabase, event: RecordedEvent) => unknown;

/** The position was moved by someone else (a rebuild, another process on the same file): begin again from where it stands. */
class MovedElsewhere extends Error {}

/** Keeps one projection up with the store, through whatever goes wrong, until it is told to stop. */
export class ProjectionFollower {
  readonly name: string;
  private readonly handlersOf: (event: RecordedEvent) => readonly Handler[];
  /** Of what counts all events: sees those too that were passed over. */
  private readonly ofPassedOver: readonly Handler[];
  private readonly store: EventStore;
  private readonly readModels: ReadModels;
  private readonly clock: Clock;
  private readonly limits: FollowerLimits;
  private readonly successor: Successor | null;
  private readonly bookName: string;
  private readonly db: ReadModelDatabase;

  private place: SavedPlace | null = null;
  private isCaughtUp = false;
  private lastError: string | null = null;
  private stop: ProjectionStop | null = null;
  private passedOver: PassedOver = passedOver.initialState();
  /** When the oldest event that is known and not handled was recorded, or since when nothing is known; null: nothing waits. */
  private waitingSince: Instant | null;
  /** Delivered, not yet handled. */
  private queue: RecordedEvent[] = [];
  private draining: Promise<void> | null = null;
  /** Ends the present subscription, or the wait before the next. */
  private turn = new AbortController();
  /** They wait for the caught-up of a subscription that begins after they asked. */
  private asking: (() => void)[] = [];

  constructor(
    store: EventStore,
    readModels: ReadModels,
    projection: Projection<never>,
    clock: Clock,
    limits: FollowerLimits,
    successor: Successor | null = null,
  ) {
    this.name = projection.name;
    this.successor = successor;
    this.bookName = successor?.bookName ?? projection.name;
    this.db = successor?.db ?? readModels.db;
    this.handlersOf = handlersOf(projection);
    this.ofPassedOver = projection.countsAll === true ? ofEveryIn(projection) : [];
    this.store = store;
    this.readModels = readModels;
    this.clock = clock;
    this.limits = limits;
    this.waitingSince = clock.now();
  }

  status(): ProjectionStatus {
    const lagSeconds =
      this.waitingSince === null ? 0 : Math.max(0, secondsBetween(this.waitingSince, this.clock.now()));
    return {
      name: this.name,
      position: this.place?.position ?? null,
      isCaughtUp: this.isCaughtUp,
      lagSeconds,
      lastError: this.lastError,
      stop: this.stop,
    };
  }

  /** Resolves once everything is handled that was in the store before the call; never while the projection stands still. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.asking.push(resolve);
      this.beginAgain();
    });
  }

  /** Leaves the present subscription, or the wait for the next, and subscribes anew from the saved position. */
  beginAgain(): void {
    this.turn.abort();
  }

  async run(stop: AbortSignal): Promise<void> {
    let failures = 0;
    stop.addEventListener('abort', () => this.beginAgain(), { once: true });
    while (!stop.aborted) {
      this.turn = new AbortController();
      const { signal } = this.turn;
      const before = this.place?.position;
      try {
        await this.follow(signal);
        failures = 0;
      } catch (error) {
        if (error instanceof MovedElsewhere) {
          await pause(50 * Math.random(), signal); // two processes in step would move it under each other for ever
          continue;
        }
        failures = this.place?.position === before ? failures + 1 : 1;
        this.lastError = messageOf(error);
        this.stop = error instanceof ProjectionStopped ? error.stop : this.stop;
        if (error instanceof ProjectionStopped) this.successor?.stopped(error);
        const { minBackoffMs, maxBackoffMs } = this.limits;
        await pause(Math.min(maxBackoffMs, minBackoffMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2), signal);
      }
    }
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const asked = this.asking;
    this.asking = [];
    const broken = new AbortController();
    const startDraining = (): void => {
      this.draining = this.drain()
        .catch((error: unknown) => broken.abort(error))
        .finally(() => (this.draining = null));
    };
    try {
      if (this.successor !== null && !isInstalled(this.readModels, this.bookName)) return this.successor.gone();
      this.place = savedPlace(this.readModels, this.bookName);
      await this.requireSameRecord();
      this.passedOver = (await readState(this.store, projectionStream(this.name), passedOver)).state;
      const { gatherMs } = this.limits;
      const subscription = { after: this.place?.position, signal: AbortSignal.any([signal, broken.signal]), gatherMs };
      for await (const message of this.store.subscribe(subscription)) {
        if (message.kind === 'event') {
          this.waitingSince ??= message.event.time;
          this.queue.push(message.event);
          if (this.draining === null) startDraining();
          if (this.queue.length >= this.limits.maxBatchEvents) await this.draining;
        } else {
          await this.draining;
          broken.signal.throwIfAborted();
          if (this.successor !== null && signal.aborted) return; // broken off: nothing is put in the place of what serves
          if (this.successor !== null) return await this.successor.caughtUp();
          this.isCaughtUp = true;
          this.waitingSince = null;
          this.goesWell();
          for (const resolve of asked.splice(0)) resolve();
        }
      }
      await this.draining;
      broken.signal.throwIfAborted();
      if (!signal.aborted) throw new Error('the subscription ended');
    } catch (error) {
      if (!(error instanceof DamagedRecord)) throw error;
      await this.draining; // what stands before it
      broken.signal.throwIfAborted();
      this.passOverDamage(error);
    } finally {
      this.queue = [];
      await this.draining;
      if (!signal.aborted) this.isCaughtUp = false;
      this.waitingSince ??= this.isCaughtUp ? null : this.clock.now();
      this.asking.push(...asked);
    }
  }

  /** A place is only good with the event that stood there: see ProjectionStop. @throws ProjectionStopped */
  private async requireSameRecord(): Promise<void> {
    if (this.place === null) return;
    const there = await this.eventAt(this.place);
    if (there === 'damaged' && this.place.eventId === null) return; // passed over
    if (there === 'damaged' || there === null) throw recordDiffers(this.place, null);
    if (this.place.eventId !== null && there.id !== this.place.eventId) throw recordDiffers(this.place, there);
  }

  private async eventAt({ position }: SavedPlace): Promise<RecordedEvent | 'damaged' | null> {
    try {
      return await this.store.eventAt(position);
    } catch (error) {
      if (error instanceof TypeError) return null; // a position of another kind of store
      if (error instanceof DamagedRecord) return 'damaged';
      throw error;
    }
  }

  /** @throws ProjectionStopped unless it was decided that this projection does without */
  private passOverDamage(damage: DamagedRecord): void {
    const { position } = damage;
    // Nobody can show what is damaged to a handler that counts every event: such a projection waits for the record to be restored.
    if (this.ofPassedOver.length > 0 || !this.passedOver.damagedAt.has(position)) throw stoppedAtDamage(damage);
    this.readModels.transaction(() => {
      this.requirePlace();
      savePlace(this.readModels, this.bookName, { position, eventId: null });
    });
  }

  private goesWell(): void {
    this.lastError = null;
    this.stop = null;
  }

  /** Handles what is in the queue, in batches, and lets others have their turn between them. */
  private async drain(): Promise<void> {
    await nextTurn(); // what is delivered at once is handled at once
    while (this.queue.length > 0) {
      await this.readModels.keepLogShort();
      await this.handle(Math.min(this.queue.length, this.limits.maxBatchEvents));
      await (this.limits.pauseMs === undefined ? nextTurn() : sleep(this.limits.pauseMs));
    }
  }

  private async handle(count: number): Promise<void> {
    try {
      const handled = await this.readModels.whenFree(() => this.handleBatch(count));
      const last = this.queue[handled - 1];
      this.queue.splice(0, handled);
      this.waitingSince = this.queue[0]?.time ?? (this.isCaughtUp ? null : (last?.time ?? null));
      if (this.isCaughtUp) this.goesWell();
    } catch (error) {
      if (error instanceof HandlerFailed && error.handledBefore > 0) await this.handle(error.handledBefore); // as far as it goes
      if (error instanceof HandlerFailed) this.waitingSince = this.queue[0]?.time ?? this.waitingSince;
      throw error;
    }
  }

  /** Events and position in one transaction: after a crash neither is there without the other. @returns how many were handled */
  private handleBatch(count: number): number {
    const endsAt = performance.now() + this.limits.maxBatchMs;
    let place: SavedPlace | null = null;
    const handled = this.readModels.transaction(() => {
      this.requirePlace();
      let index = 0;
      for (const event of this.queue) {
        if (index === count || (index % 16 === 15 && performance.now() > endsAt)) break;
        this.handleEvent(event, index);
        place = { position: event.position, eventId: event.id };
        index++;
      }
      if (place !== null) savePlace(this.readModels, this.bookName, place);
      return index;
    });
    this.place = place ?? this.place;
    return handled;
  }

  /** @throws MovedElsewhere; Error where its tables are another shape's by now: nothing may be written into them */
  private requirePlace(): void {
    if (savedPlace(this.readModels, this.bookName)?.position !== this.place?.position) throw new MovedElsewhere();
    if (this.place === null && !isInstalled(this.readModels, this.bookName)) {
      if (this.successor !== null) throw new MovedElsewhere();
      throw new Error('its tables are gone: another release of this program has taken their place');
    }
  }

  private handleEvent(event: RecordedEvent, index: number): void {
    const isPassedOver = this.passedOver.eventIds.has(event.id);
    try {
      for (const handler of isPassedOver ? this.ofPassedOver : this.handlersOf(event)) {
        const result = handler(this.db, event);
        if (result instanceof Promise)
          throw new TypeError('a projection must not wait: its handler returned a promise');
      }
    } catch (cause) {
      throw new HandlerFailed(event, index, cause);
    }
  }
}

/** Handlers of single types get the present shape of an event; the one of every event gets it as it was recorded. */
function handlersOf(projection: Projection<never>): (event: RecordedEvent) => readonly Handler[] {
  const { on, events } = projection;
  const ofEvery = ofEveryIn(projection);
  const handlers = new Map(
    Object.entries(on ?? {}).map(([type, handler]) => {
      const ofType: Handler = (db, event) => (handler as Handler)(db, inPresentShape(event, events));
      return [type, [...ofEvery, ofType]];
    }),
  );
  return (event) => (isContentRemoved(event) ? ofEvery : (handlers.get(event.type) ?? ofEvery));
}

function ofEveryIn({ every }: Projection<never>): readonly Handler[] {
  return every === undefined ? [] : [every as Handler];
}

/** @throws UnknownEventVersion */
function inPresentShape(event: RecordedEvent, events: Projection<never>['events']): RecordedEvent {
  const present = presentShape(events, event);
  return present === event ? event : Object.assign(Object.create(event) as RecordedEvent, { data: present.data });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function messageOf(error: unknown): string {
  return (error as { message?: string })?.message ?? String(error);
}
