import type {
  AllStreamResolvedEvent,
  AllStreamSubscription,
  ResolvedEvent,
  StreamingRead,
} from '@eventstore/db-client';
import type { NodeClient } from './node-client.ts';

export type Resolved = ResolvedEvent | AllStreamResolvedEvent;
export const CAUGHT_UP = Symbol('caught up');

/** What waits to be taken: a transaction's worth, and never much memory. The server holds the rest back (gRPC's flow control). */
const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** History is handed out in handfuls: who keeps read models commits once for each. */
const GATHER_MS = 20;

/** One reading call of the vendor's client: its `cancel` or `unsubscribe` is the only thing that ends it on the server too. */
export type ReadingCall = StreamingRead<ResolvedEvent> | StreamingRead<AllStreamResolvedEvent> | AllStreamSubscription;

/**
 * What a read or a subscription delivers, in batches. The client's streams have habits that nobody who reads events wants to know: an
 * error may come with no end, or an end with no error; leaving a `for await` leaves the call open; a lost client says nothing at all.
 */
export class Inflow {
  private readonly client: NodeClient;
  private readonly call: ReadingCall;
  private waiting: (Resolved | typeof CAUGHT_UP)[] = [];
  /** Events that were before the server's caught-up and are still inside the client's stream. */
  private beforeCaughtUp: number | null = null;
  private hasEnded = false;
  private error: unknown = null;
  private waitingBytes = 0;
  private wake: () => void = () => undefined;

  constructor(client: NodeClient, call: ReadingCall) {
    this.client = client;
    this.call = call;
    call.on('data', (resolved: Resolved) => this.take(resolved));
    call.on('caughtUp', () => this.caughtUp());
    call.on('error', (error: unknown) => this.end(error));
    call.on('end', () => this.end(client.givenUp.aborted ? client.givenUp.reason : null));
    client.givenUp.addEventListener('abort', this.onGivenUp, { once: true });
    if (client.givenUp.aborted) this.onGivenUp();
  }

  /**
   * What has come since; null when the server has ended the call; nothing when the limit has passed or the signal aborted.
   *
   * @param limitMs  how long to wait for the first of it
   * @param gathers  waits a moment for more, unless that was all for now
   * @throws what the call ended with
   */
  async next(
    limitMs: number,
    signal?: AbortSignal,
    gathers = false,
  ): Promise<readonly (Resolved | typeof CAUGHT_UP)[] | null> {
    await this.until(() => this.waiting.length > 0, limitMs, signal);
    if (gathers && this.waiting.length > 0) {
      await this.until(() => this.isFull() || this.waiting.at(-1) === CAUGHT_UP, GATHER_MS, signal);
    }
    const batch = this.waiting;
    if (batch.length > 0) {
      this.waiting = [];
      this.waitingBytes = 0;
      if (this.call.isPaused()) this.call.resume();
      return batch;
    }
    if (signal?.aborted === true) return [];
    if (this.error !== null) throw this.error;
    return this.hasEnded ? null : [];
  }

  /** Ends the call on both sides. Never waits for the server, never throws. */
  close(): void {
    this.client.givenUp.removeEventListener('abort', this.onGivenUp);
    this.hasEnded = true;
    this.waiting = [];
    const ended = 'unsubscribe' in this.call ? this.call.unsubscribe() : this.call.cancel();
    ended.catch(() => undefined);
  }

  private readonly onGivenUp = (): void => this.end(this.client.givenUp.reason);

  private take(resolved: Resolved): void {
    this.waiting.push(resolved);
    const { event } = resolved;
    this.waitingBytes += event?.data instanceof Uint8Array ? event.data.length : 0;
    if (this.beforeCaughtUp !== null && --this.beforeCaughtUp === 0) this.putCaughtUp();
    if (this.isFull()) this.call.pause();
    this.wake();
  }

  /** The client tells at once, and may still hold events that came before. */
  private caughtUp(): void {
    this.beforeCaughtUp = this.call.readableLength;
    if (this.beforeCaughtUp === 0) this.putCaughtUp();
    this.wake();
  }

  private putCaughtUp(): void {
    this.beforeCaughtUp = null;
    this.waiting.push(CAUGHT_UP);
  }

  private end(error: unknown): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.error = error;
    this.wake();
  }

  private isFull(): boolean {
    return this.waiting.length >= MAX_WAITING || this.waitingBytes >= MAX_WAITING_BYTES;
  }

  /** Resolves when it is so, the limit has passed, the signal aborts, or the call has ended. */
  private async until(isSo: () => boolean, limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const isOver = (): boolean => this.hasEnded || signal?.aborted === true || isSo();
    if (isOver()) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      signal?.addEventListener('abort', done, { once: true });
      this.wake = () => {
        if (isOver()) done();
      };
    });
  }
}
