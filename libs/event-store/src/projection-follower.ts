import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Instant } from '#libs/vocabulary';
import { secondsBetween } from '#libs/vocabulary';
import type { EventStore, Position, RecordedEvent } from './event-store.ts';
import type { Projection, ProjectionStatus } from './projection-runner.ts';
import { savedPosition, savePosition } from './projection-tables.ts';
import type { ReadModelDatabase, ReadModels } from './read-models.ts';

export interface FollowerLimits {
  /** Events in one transaction. */
  readonly maxBatchEvents: number;
  /** A transaction that has taken this long is committed with what it has: others want the thread too. */
  readonly maxBatchMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

type Handler = (db: ReadModelDatabase, event: RecordedEvent) => unknown;

/** The position was moved by someone else (a rebuild, another process on the same file): begin again from where it stands. */
class MovedElsewhere extends Error {}

class HandlerFailed extends Error {
  readonly handledBefore: number;

  constructor(event: RecordedEvent, handledBefore: number, cause: unknown) {
    super(`${event.type} at position ${event.position}: ${messageOf(cause)}`, { cause });
    this.handledBefore = handledBefore;
  }
}

/** Keeps one projection up with the store, through whatever goes wrong, until it is told to stop. */
export class ProjectionFollower {
  readonly name: string;
  private readonly handlers: ReadonlyMap<string, Handler>;
  private readonly every: Handler | null;
  private readonly store: EventStore;
  private readonly readModels: ReadModels;
  private readonly clock: Clock;
  private readonly limits: FollowerLimits;

  private position: Position | null = null;
  private isCaughtUp = false;
  private lastError: string | null = null;
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
  ) {
    this.name = projection.name;
    this.handlers = new Map(Object.entries(projection.on) as [string, Handler][]);
    this.every = projection.every ?? null;
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
      position: this.position,
      isCaughtUp: this.isCaughtUp,
      lagSeconds,
      lastError: this.lastError,
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
      const before = this.position;
      try {
        await this.follow(signal);
        failures = 0;
      } catch (error) {
        if (error instanceof MovedElsewhere) {
          await pause(50 * Math.random(), signal); // two processes in step would move it under each other for ever
          continue;
        }
        failures = this.position === before ? failures + 1 : 1;
        this.lastError = messageOf(error);
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
      this.position = savedPosition(this.readModels, this.name);
      const subscription = { after: this.position ?? undefined, signal: AbortSignal.any([signal, broken.signal]) };
      for await (const message of this.store.subscribe(subscription)) {
        if (message.kind === 'event') {
          this.waitingSince ??= message.event.time;
          this.queue.push(message.event);
          if (this.draining === null) startDraining();
          if (this.queue.length >= this.limits.maxBatchEvents) await this.draining;
        } else {
          await this.draining;
          broken.signal.throwIfAborted();
          this.isCaughtUp = true;
          this.waitingSince = null;
          this.lastError = null;
          for (const resolve of asked.splice(0)) resolve();
        }
      }
      await this.draining;
      broken.signal.throwIfAborted();
      if (!signal.aborted) throw new Error('the subscription ended');
    } finally {
      this.queue = [];
      await this.draining;
      if (!signal.aborted) this.isCaughtUp = false;
      this.waitingSince ??= this.isCaughtUp ? null : this.clock.now();
      this.asking.push(...asked);
    }
  }

  /** Handles what is in the queue, in batches, and lets others have their turn between them. */
  private async drain(): Promise<void> {
    await nextTurn(); // what is delivered at once is handled at once
    while (this.queue.length > 0) {
      await this.readModels.keepLogShort();
      await this.handle(Math.min(this.queue.length, this.limits.maxBatchEvents));
      await nextTurn();
    }
  }

  private async handle(count: number): Promise<void> {
    try {
      const handled = await this.whenFree(() => this.handleBatch(count));
      const last = this.queue[handled - 1];
      this.queue.splice(0, handled);
      this.waitingSince = this.queue[0]?.time ?? (this.isCaughtUp ? null : (last?.time ?? null));
      if (this.isCaughtUp) this.lastError = null;
    } catch (error) {
      if (error instanceof HandlerFailed && error.handledBefore > 0) await this.handle(error.handledBefore); // as far as it goes
      if (error instanceof HandlerFailed) this.waitingSince = this.queue[0]?.time ?? this.waitingSince;
      throw error;
    }
  }

  /** Events and position in one transaction: after a crash neither is there without the other. @returns how many were handled */
  private handleBatch(count: number): number {
    const endsAt = performance.now() + this.limits.maxBatchMs;
    let position: Position | null = null;
    const handled = this.readModels.transaction(() => {
      if (savedPosition(this.readModels, this.name) !== this.position) throw new MovedElsewhere();
      let index = 0;
      for (const event of this.queue) {
        if (index === count || (index % 16 === 15 && performance.now() > endsAt)) break;
        this.handleEvent(event, index);
        position = event.position;
        index++;
      }
      if (position !== null) savePosition(this.readModels, this.name, position);
      return index;
    });
    this.position = position ?? this.position;
    return handled;
  }

  private handleEvent(event: RecordedEvent, index: number): void {
    try {
      for (const handler of [this.every, this.handlers.get(event.type)]) {
        const result = handler?.(this.readModels.db, event);
        if (result instanceof Promise)
          throw new TypeError('a projection must not wait: its handler returned a promise');
      }
    } catch (cause) {
      throw new HandlerFailed(event, index, cause);
    }
  }

  /** Another process writes into the same file: waited for without stopping the thread. */
  private async whenFree<Result>(work: () => Result): Promise<Result> {
    for (const giveUpAt = Date.now() + 5000; ; await sleep(10)) {
      try {
        return work();
      } catch (error) {
        if (((error as { errcode?: number }).errcode ?? 0) % 256 !== 5 || Date.now() > giveUpAt) throw error; // 5: SQLITE_BUSY
      }
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

function messageOf(error: unknown): string {
  return (error as { message?: string })?.message ?? String(error);
}
