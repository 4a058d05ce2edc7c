import { setTimeout as sleep } from 'node:timers/promises';
import { DestinationUnreachable } from '#libs/egress';
import type { Passage } from '#libs/egress';
import { DomainError } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/** Somebody outside whom checkpoints are given, so that the log cannot be set back without their knowing. */
export interface CheckpointPlace {
  /** For faults: it names no person. */
  readonly name: string;
  /** `each`: every checkpoint, though one a minute at most; `daily`: the first that is met of each day (UTC). */
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

  /**
   * To be called with the newest there is, again and again: what goes is decided by what these couriers took before, and not by who signed it. A
   * command that signs before an export would otherwise keep it from those outside.
   */
  give(note: string, signedAt: Instant, now: Instant): void {
    for (const courier of this.couriers) courier.meet(note, dayOf(signedAt), dayOf(now));
  }

  /** May be called twice. What was not taken by then is not given by this process. */
  async stop(): Promise<void> {
    await Promise.all(this.couriers.map((courier) => courier.stop()));
  }
}

class Courier {
  fault: CheckpointNotCopied | null = null;
  private waiting: string | null = null;
  private lastNote: string | null = null;
  private lastDay: string | null = null;
  private round: Promise<void> | null = null;
  private readonly stopping = new AbortController();

  constructor(
    readonly place: CheckpointPlace,
    private readonly onFault: (error: unknown) => void,
    private readonly paces: CopyPaces,
  ) {}

  meet(note: string, day: string, today: string): void {
    if (this.stopping.signal.aborted || note === this.lastNote) return;
    // One of yesterday would be followed by one of today within minutes.
    if (this.place.wants === 'daily' && (day === this.lastDay || day !== today)) return;
    this.lastNote = note;
    this.lastDay = day;
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

function dayOf(at: Instant): string {
  return at.slice(0, 'YYYY-MM-DD'.length);
}

/** Takes each checkpoint by an HTTP POST of the signed note as text; any 2xx has taken it. @param passage the guarded way there */
export function postedTo(url: URL, passage: Pick<Passage, 'ask'>): CheckpointPlace {
  return {
    name: url.host,
    wants: 'each',
    async send(note, signal) {
      const headers = { 'content-type': 'text/plain; charset=utf-8', accept: '*/*' };
      const { status } = await passage.ask(url, { method: 'POST', body: note, headers, signal });
      if (status < 200 || status > 299) throw new DestinationUnreachable(`${url.host}: answered with status ${status}`);
    },
  };
}
