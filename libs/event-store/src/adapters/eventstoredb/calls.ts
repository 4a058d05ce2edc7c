import { BACKWARDS, END, StreamNotFoundError } from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreUnavailable } from '../../event-store.ts';
import type { Cluster } from './cluster.ts';
import { faultOf, GaveUp, unavailable } from './faults.ts';
import { Inflow } from './inflow.ts';
import type { ReadingCall, Resolved } from './inflow.ts';
import type { NodeClient } from './node-client.ts';
import { placeOf } from './stored-event.ts';
import type { LogPosition } from './stored-event.ts';

export interface CallLimits {
  /** One append: longer than the server's own limit for a commit (2 s), so that it mostly answers first. */
  readonly appendMs: number;
  /** How long a read may wait for the next event. */
  readonly readMs: number;
  /** All attempts of one call together, or of one read without progress. */
  readonly totalMs: number;
  /** How long a subscription may be silent before the log's end is looked at. */
  readonly silenceMs: number;
  /** How long `close` waits for appends that are under way. */
  readonly closeMs: number;
}

const FIRST_PAUSE_MS = 25;
const MAX_PAUSE_MS = 400;
const CLOSED = 'the event store is closed';

/** Calls to whichever node leads, each within limits and tried again where that does no harm. Knows nothing of what they say. */
export class Calls {
  readonly limits: CallLimits;
  private readonly cluster: Cluster;
  /** Nothing new begins. */
  private readonly closeController = new AbortController();
  /** Nothing goes on. */
  private readonly over = new AbortController();
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly heads = new WeakMap<NodeClient, Promise<LogPosition | null>>();

  constructor(cluster: Cluster, limits: CallLimits) {
    this.cluster = cluster;
    this.limits = limits;
  }

  get closing(): AbortSignal {
    return this.closeController.signal;
  }

  requireOpen(): void {
    if (this.closeController.signal.aborted) throw new EventStoreUnavailable(CLOSED);
  }

  /** The client to the node that leads. @throws EventStoreUnavailable */
  async leader(): Promise<NodeClient> {
    this.requireOpen();
    try {
      return await this.cluster.leader();
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** The next call gets a fresh client, unless the node is well and only said no. */
  giveUp(client: NodeClient, error: unknown): void {
    if (!faultOf(error).isAnswer) this.cluster.giveUp(client, error);
  }

  /**
   * The answer to a call that may be made again while its outcome is unknown.
   *
   * @param isAnswer  errors that are what was asked for: thrown as they are
   * @throws EventStoreUnavailable when no attempt came through in the time given, or none can
   */
  async answer<Answer>(
    ask: (client: NodeClient) => Promise<Answer>,
    isAnswer: (error: unknown) => boolean,
    totalMs = this.limits.totalMs,
  ): Promise<Answer> {
    this.requireOpen();
    const answer = this.untilAnswered(ask, isAnswer, totalMs);
    this.underWay.add(answer);
    try {
      return await answer;
    } finally {
      this.underWay.delete(answer);
    }
  }

  /**
   * What a reading call delivers, batch by batch. After a fault it is made again: `call` begins behind what was handed out.
   *
   * @throws EventStoreUnavailable
   */
  async *batches(call: (client: NodeClient) => ReadingCall): AsyncGenerator<readonly Resolved[]> {
    this.requireOpen();
    let giveUpAt = performance.now() + this.limits.totalMs;
    for (let attempt = 1; ; attempt++) {
      let client: NodeClient | null = null;
      let inflow: Inflow | null = null;
      try {
        client = await this.cluster.leader();
        inflow = new Inflow(client, call(client));
        for (;;) {
          const batch = await inflow.next(this.limits.readMs, this.closing);
          this.requireOpen();
          if (batch === null) return;
          if (batch.length === 0) throw new GaveUp(`EventStoreDB at ${client.where} sent nothing for too long`);
          this.cluster.answered(client);
          yield batch as readonly Resolved[];
          attempt = 0;
          giveUpAt = performance.now() + this.limits.totalMs;
        }
      } catch (error) {
        if (error instanceof StreamNotFoundError) return;
        await this.pauseAfter(error, client, attempt, giveUpAt);
      } finally {
        inflow?.close();
      }
    }
  }

  /** Where the log ends now; null when it is empty. @throws EventStoreUnavailable */
  async head(): Promise<LogPosition | null> {
    for await (const batch of this.batches(lastOfAll)) return batch[0] === undefined ? null : placeOf(batch[0]);
    return null;
  }

  /** Where the log ends, as this very node says, once for all who ask at the same time. @throws what the call throws */
  headAt(client: NodeClient): Promise<LogPosition | null> {
    const asked = this.heads.get(client) ?? this.askHead(client).finally(() => this.heads.delete(client));
    this.heads.set(client, asked);
    return asked;
  }

  private async askHead(client: NodeClient): Promise<LogPosition | null> {
    const inflow = new Inflow(client, lastOfAll(client));
    try {
      const batch = await inflow.next(this.limits.readMs);
      if (batch === null) return null;
      const [last] = batch as readonly Resolved[];
      if (last === undefined) throw new GaveUp(`EventStoreDB at ${client.where} sent nothing for too long`);
      return placeOf(last);
    } finally {
      inflow.close();
    }
  }

  /** Waits a while for appends that are under way, then ends everything. Never waits for a server that does not answer. */
  async close(): Promise<void> {
    this.closeController.abort();
    const waiting = new AbortController();
    await Promise.race([
      Promise.allSettled(this.underWay),
      sleep(this.limits.closeMs, undefined, { signal: waiting.signal }).catch(() => undefined),
    ]);
    waiting.abort();
    this.over.abort();
    this.cluster.close(new GaveUp(CLOSED));
  }

  private async untilAnswered<Answer>(
    ask: (client: NodeClient) => Promise<Answer>,
    isAnswer: (error: unknown) => boolean,
    totalMs: number,
  ): Promise<Answer> {
    const giveUpAt = performance.now() + totalMs;
    for (let attempt = 1; ; attempt++) {
      let client: NodeClient | null = null;
      try {
        client = await this.cluster.leader();
        const answer = await ask(client);
        this.cluster.answered(client);
        return answer;
      } catch (error) {
        if (isAnswer(error)) {
          if (client !== null) this.cluster.answered(client);
          throw error;
        }
        await this.pauseAfter(error, client, attempt, giveUpAt);
      }
    }
  }

  /** @throws EventStoreUnavailable when there is to be no further attempt */
  private async pauseAfter(
    error: unknown,
    client: NodeClient | null,
    attempt: number,
    giveUpAt: number,
  ): Promise<void> {
    if (client !== null) this.giveUp(client, error);
    if (this.over.signal.aborted) throw new EventStoreUnavailable(CLOSED, { cause: error });
    if (error instanceof EventStoreUnavailable) throw error;
    // Half of it at random: callers that failed together do not come back together.
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
    if (faultOf(error).isLasting || performance.now() + pauseMs > giveUpAt) throw unavailable(error);
    await sleep(pauseMs, undefined, { signal: this.over.signal }).catch(() => {
      throw new EventStoreUnavailable(CLOSED, { cause: error });
    });
  }
}

function lastOfAll(client: NodeClient): ReadingCall {
  const { credentials } = client;
  return client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1, credentials, requiresLeader: true });
}
