import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#libs/vocabulary';

/** Somebody outside whom checkpoints are given, so that the log cannot be set back without their knowing. */
export interface CheckpointPlace {
  /** For faults: it names no person. */
  readonly name: string;
  /** `each`: every checkpoint, though one a minute at most; `daily`: the first of each day (UTC). */
  readonly wants: 'each' | 'daily';
  /** Resolves once it was taken. */
  send(note: string, signal: AbortSignal): Promise<void>;
}

/** A checkpoint did not come to one of them. It is tried again, and nothing waits for it. */
export class CheckpointNotCopied extends DomainError {
  constructor(place: string, options?: ErrorOptions) {
    super('checkpoint-not-copied', `a checkpoint could not be given to ${place}`, options);
  }
}

export interface CopyPaces {
  /** After one was taken. */
  readonly betweenMs: number;
  /** After one was not; doubled each time, up to an hour. */
  readonly retryMs: number;
  readonly timeLimitMs: number;
}

const PACES: CopyPaces = { betweenMs: 60_000, retryMs: 60_000, timeLimitMs: 30_000 };
const LONGEST_RETRY_MS = 3_600_000;

/**
 * Gives checkpoints to those outside, each in a course of its own: the ledger waits for none of them. Of several that wait for one place
 * only the newest goes, which says all that the others did.
 */
export class CheckpointCopies {
  private readonly couriers: readonly Courier[];

  constructor(places: readonly CheckpointPlace[], onFault: (error: unknown) => void, paces: CopyPaces = PACES) {
    this.couriers = places.map((place) => new Courier(place, onFault, paces));
  }

  /** Why the last try failed at each place where it did. */
  get faults(): readonly unknown[] {
    return this.couriers.flatMap(({ fault }) => fault ?? []);
  }

  /** To be called by whoever signed it alone: of several consoles one gives it away. */
  give(note: string, { isFirstOfDay }: { readonly isFirstOfDay: boolean }): void {
    for (const courier of this.couriers) if (isFirstOfDay || courier.place.wants === 'each') courier.take(note);
  }

  /** May be called twice. What was not taken by then is not given by this process. */
  async stop(): Promise<void> {
    await Promise.all(this.couriers.map((courier) => courier.stop()));
  }
}

class Courier {
  fault: CheckpointNotCopied | null = null;
  private waiting: string | null = null;
  private round: Promise<void> | null = null;
  private readonly stopping = new AbortController();

  constructor(
    readonly place: CheckpointPlace,
    private readonly onFault: (error: unknown) => void,
    private readonly paces: CopyPaces,
  ) {}

  take(note: string): void {
    if (this.stopping.signal.aborted) return;
    this.waiting = note;
    this.round ??= this.bring();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.round;
  }

  private async bring(): Promise<void> {
    const { signal } = this.stopping;
    let retryMs = this.paces.retryMs;
    while (this.waiting !== null && !signal.aborted) {
      const note = this.waiting;
      let pauseMs = this.paces.betweenMs;
      try {
        await this.place.send(note, AbortSignal.any([signal, AbortSignal.timeout(this.paces.timeLimitMs)]));
        this.fault = null;
        retryMs = this.paces.retryMs;
        if (this.waiting === note) this.waiting = null;
      } catch (cause) {
        if (signal.aborted) break;
        this.fault = new CheckpointNotCopied(this.place.name, { cause });
        this.onFault(this.fault);
        pauseMs = retryMs;
        retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
      }
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
    this.round = null;
  }
}

/** Takes each checkpoint by an HTTP POST of the signed note as text; any 2xx has taken it. */
export function postedTo(url: string): CheckpointPlace {
  return {
    name: new URL(url).host,
    wants: 'each',
    async send(note, signal) {
      const headers = { 'content-type': 'text/plain; charset=utf-8' };
      const answer = await fetch(url, { method: 'POST', body: note, headers, redirect: 'error', signal });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
    },
  };
}
