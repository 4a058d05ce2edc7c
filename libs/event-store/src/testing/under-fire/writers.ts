import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreUnavailable, RevisionConflict, streamName } from '../../index.ts';
import type { EventStore, Position, RecordedEvent, StreamName } from '../../index.ts';
import { tick } from '../processes/store-process.ts';
import type { Ticked } from '../processes/store-process.ts';

export interface Counts {
  acknowledged: number;
  lost: number;
  doubled: number;
  falseConflicts: number;
  /** Appends whose outcome was unknown in the end, and that were repeated. */
  unavailable: number;
}

/** Each writes events of known ids to a stream of its own, one after the other, and repeats what it does not know the outcome of. */
export class Writers {
  readonly counts = { acknowledged: 0, falseConflicts: 0, unavailable: 0 };
  /** What the server said to those who alone write to their stream. */
  readonly conflicts: string[] = [];
  private readonly store: EventStore;
  private readonly streams: readonly StreamName[];
  private readonly written: number[];
  private isOver = false;
  private done: Promise<unknown> = Promise.resolve();
  private lastAcknowledgedAt = 0;
  private longestPauseMs = 0;

  constructor(store: EventStore, name: string, count: number) {
    this.store = store;
    this.streams = Array.from({ length: count }, (_, index) => streamName('ticks', `${name}.${index}`));
    this.written = this.streams.map(() => 0);
  }

  start(): void {
    this.lastAcknowledgedAt = performance.now();
    this.done = Promise.all(this.streams.map((stream, index) => this.write(stream, index)));
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.done;
  }

  /** The longest time in which none of all writers got an answer, since this was last asked. */
  takeLongestPauseMs(): number {
    const longest = Math.max(this.longestPauseMs, performance.now() - this.lastAcknowledgedAt);
    this.longestPauseMs = 0;
    return longest;
  }

  /** Compares what was acknowledged with what is there, in each stream and in the order of all. */
  async verify(store: EventStore, followed: ReadonlyMap<string, number>): Promise<Counts> {
    let lost = 0;
    let doubled = 0;
    const count = (times: number): void => {
      if (times === 0) lost++;
      doubled += Math.max(0, times - 1);
    };
    const inAll = new Map<string, number>();
    for await (const { id, stream } of store.readAll()) if (this.streams.includes(stream)) add(inAll, id);
    for (const [index, stream] of this.streams.entries()) {
      const inStream = new Map<string, number>();
      for await (const { id } of store.readStream(stream)) add(inStream, id);
      for (let n = 0; n < (this.written[index] as number); n++) {
        const { id } = tick(stream, n);
        for (const where of [inStream, inAll, followed]) count(where.get(id) ?? 0);
        inStream.delete(id);
      }
      doubled += inStream.size; // what nobody was told of
    }
    return { ...this.counts, lost, doubled };
  }

  private async write(stream: StreamName, index: number): Promise<void> {
    for (let n = 0; !this.isOver; n++) {
      // Also when it is to stop: what may have been written must be known.
      while (!(await this.isWritten(stream, n))) if (this.conflicts.length > 0) return;
      this.written[index] = n + 1;
    }
  }

  private async isWritten(stream: StreamName, n: number): Promise<boolean> {
    try {
      await this.store.append(stream, n === 0 ? 'NONE' : n - 1, [tick(stream, n)]);
    } catch (error) {
      if (error instanceof RevisionConflict) {
        this.counts.falseConflicts++;
        this.isOver = true; // whatever it is, it must be looked at
        this.conflicts.push(`${error.message}; ${new Date().toISOString()}`);
        return false;
      }
      if (!(error instanceof EventStoreUnavailable)) throw error;
      this.counts.unavailable++;
      await sleep(50);
      return false;
    }
    const now = performance.now();
    this.longestPauseMs = Math.max(this.longestPauseMs, now - this.lastAcknowledgedAt);
    this.lastAcknowledgedAt = now;
    this.counts.acknowledged++;
    return true;
  }
}

/** Follows the store through whatever goes wrong, as a projection does, and counts how often each event came. */
export class Follower {
  readonly seen = new Map<string, number>();
  private readonly store: EventStore;
  private readonly stopController = new AbortController();
  private position: Position | undefined;
  private last: Ticked | null = null;
  private done: Promise<void> = Promise.resolve();

  constructor(store: EventStore) {
    this.store = store;
  }

  start(): void {
    this.done = this.follow();
  }

  /** Resolves once this event has come. */
  async until(isThere: (event: Ticked) => boolean): Promise<void> {
    for (const giveUpAt = Date.now() + 60_000; Date.now() < giveUpAt; await sleep(100)) {
      if (this.last !== null && isThere(this.last)) return;
    }
    throw new Error('the subscription did not come through');
  }

  async stop(): Promise<void> {
    this.stopController.abort();
    await this.done;
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopController;
    while (!signal.aborted) {
      try {
        for await (const message of this.store.subscribe({ after: this.position, signal })) {
          if (message.kind === 'event') this.take(message.event);
        }
      } catch (error) {
        if (!(error instanceof EventStoreUnavailable)) throw error;
        await sleep(100);
      }
    }
  }

  private take(event: RecordedEvent): void {
    this.position = event.position;
    add(this.seen, event.id);
    this.last = event as unknown as Ticked;
  }
}

function add(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}
