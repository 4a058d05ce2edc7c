import { setTimeout as sleep } from 'node:timers/promises';
import { appendFacts, decideAndAppend } from '#libs/event-store';
import type { ReadModels } from '#libs/event-store';
import { newEventId, plusSeconds, SteadyClock } from '#libs/vocabulary';
import { ProgramTurn } from './program-turn.ts';
import type { TurnParts } from './program-turn.ts';
import { Receiver } from './receiver.ts';
import type { WebhookSettings } from './receiver.ts';
import { eventsOfRound, GIVE_UP_AFTER_SECONDS, givenUpEvent } from './round.ts';
import type { Tried } from './round.ts';
import type { WebhookSecret } from './signature.ts';
import { dueWebhooks, webhooksPutOffTooFar, webhooksSinceBefore } from './waiting-webhooks.ts';
import type { WaitingWebhook } from './waiting-webhooks.ts';
import { digestOf, switchOff, webhooks } from './webhook.ts';
import { webhookStream } from './webhook-events.ts';
import { webhookTriesStream } from './webhook-try-events.ts';
import type { WebhookTryEvent } from './webhook-try-events.ts';

/** What became of one try, for logs and counts. */
export interface WebhookNotice {
  readonly clientId: string;
  readonly outcome: 'delivered' | 'deferred' | 'given-up' | 'gone';
  readonly webhookId: string;
  readonly attempts: number;
  /** Of a failure; nothing that the receiver wrote. */
  readonly cause?: string;
}

export interface WebhookParts extends TurnParts {
  /** Those of the projections. */
  readonly readModels: ReadModels;
  readonly onNotice: (notice: WebhookNotice) => void;
  /** A failure of ours: a store that is away, a secret that cannot be read. */
  readonly onFault: (clientId: string, error: unknown) => void;
  /** How often it is looked for what is due. Default 1 s. */
  readonly lookMs?: number;
  /** How often it is looked for what a clock that was set back has put off. Default a minute. */
  readonly lookAheadMs?: number;
  /** After a round in which nothing was taken; twice as long each time. Default 1 s. */
  readonly firstPauseMs?: number;
  /** Of a clock that is never set (SteadyClock). Only tests give one. */
  readonly monotonicMs?: () => number;
}

/** 20 webhooks, 10 at once: a round takes two time limits, 30 s, at most. */
const ROUND = 20;
const AT_ONCE = 10;
/** 5 min between rounds, while nothing is taken; each is of one webhook alone, to see whether the receiver is back. */
const MAX_PAUSE_MS = 300_000;
/** What could not be recorded is tried again, since the receiver has it already. */
const RECORD_TRIES = 5;
const RECORD_PAUSE_MS = 1000;
const GIVEN_UP_AT_ONCE = 100;
const FAULT_PAUSE_MS = 1000;
/** A minute: it costs a look at all that waits. */
const LOOK_AHEAD_MS = 60_000;

/**
 * Sends to one program's receiver, for as long as it runs, in rounds: a turn taken, what is due sent, what became of it recorded. One of these for
 * each program, so that a receiver that is down holds up no other. At least once: what was sent and not recorded (a crash, a store away for
 * long) is sent again, with the same `webhook-id`. Not in order: what failed comes later.
 */
export class ProgramWebhook {
  private readonly receiver: Receiver;
  private secrets: readonly WebhookSecret[] = [];
  private pauseMs = 0;
  /** Whether what was put off too far is looked for as well. */
  private looksAhead = false;
  private looksAheadAtMs = 0;
  private readonly turn: ProgramTurn;
  /** By which what waits is too old: nothing sends again what a clock that is wrong for a minute gives up. */
  private readonly steady: SteadyClock;
  /** Its address answered 410 Gone, and another is switched on in the record: that is others' to send to. */
  private isGoneHere = false;

  constructor(
    readonly settings: WebhookSettings,
    private readonly parts: WebhookParts,
  ) {
    this.receiver = new Receiver(settings);
    this.turn = new ProgramTurn(settings.clientId, parts);
    this.steady = new SteadyClock(parts.clock, parts.monotonicMs);
  }

  async run(stop: AbortSignal): Promise<void> {
    const { lookMs = 1000, onFault } = this.parts;
    while (!stop.aborted) {
      let waitMs = lookMs;
      try {
        this.lookAheadWhenItIsTime();
        const isDue = () => this.due(1).length > 0;
        if (!this.isGoneHere && isDue() && (await this.turn.begins(isDue))) {
          const isMoreDue = await this.round();
          waitMs = this.pauseMs > 0 ? this.pauseMs : isMoreDue ? 0 : lookMs;
        }
      } catch (error) {
        onFault(this.settings.clientId, error);
        waitMs = FAULT_PAUSE_MS;
      }
      await sleep(waitMs, undefined, { signal: stop }).catch(() => undefined);
    }
    await this.turn.end().catch((error: unknown) => onFault(this.settings.clientId, error));
  }

  /** What an operator should look at; null where all is well here. */
  trouble(): string | null {
    return this.isGoneHere
      ? 'the url configured here answered 410 Gone, and another is switched on: start again'
      : null;
  }

  private due(limit: number): WaitingWebhook[] {
    const { readModels, clock } = this.parts;
    const due = dueWebhooks(readModels.db, this.settings.clientId, clock.now(), limit);
    if (due.length > 0 || !this.looksAhead) return due;
    return webhooksPutOffTooFar(readModels.db, this.settings.clientId, clock.now(), limit);
  }

  /** Now and then, by a clock that nobody sets; and at once again, while there is any. */
  private lookAheadWhenItIsTime(): void {
    const nowMs = performance.now();
    this.looksAhead = nowMs >= this.looksAheadAtMs;
    if (this.looksAhead && this.due(1).length === 0)
      this.looksAheadAtMs = nowMs + (this.parts.lookAheadMs ?? LOOK_AHEAD_MS);
  }

  /** @returns whether it is worth looking at once again */
  private async round(): Promise<boolean> {
    const { clock, onNotice, firstPauseMs = 1000 } = this.parts;
    const { clientId } = this.settings;
    const isFailing = this.pauseMs > 0;
    const due = this.due(isFailing ? 1 : ROUND);
    if (due.length === 0) return false;
    this.secrets = this.secretsNow();
    const tried: Tried[] = [];
    for (let start = 0; start < due.length; start += AT_ONCE) {
      const sent = await Promise.all(due.slice(start, start + AT_ONCE).map((webhook) => this.send(webhook)));
      tried.push(...sent);
    }
    const events = eventsOfRound({ clientId, tried, now: clock.now(), chance: Math.random });
    await this.record(events);
    for (const { webhook, sent } of tried) {
      const isGivenUp = events.some(
        ({ type, data }) => type === 'WebhookGivenUp' && data.webhookId === webhook.webhookId,
      );
      const outcome = sent.outcome !== 'failed' ? sent.outcome : isGivenUp ? 'given-up' : 'deferred';
      const cause = sent.outcome === 'failed' ? { cause: sent.cause } : {};
      onNotice({ clientId, outcome, webhookId: webhook.webhookId, attempts: webhook.attempts + 1, ...cause });
    }
    if (tried.some(({ sent }) => sent.outcome === 'gone')) await this.switchOff();
    const isTaken = tried.some(({ sent }) => sent.outcome === 'delivered');
    this.pauseMs = isTaken ? 0 : Math.min(MAX_PAUSE_MS, Math.max(firstPauseMs, this.pauseMs * 2));
    if (!isTaken) await this.giveUpTheOld();
    return isTaken;
  }

  private async send(webhook: WaitingWebhook): Promise<Tried> {
    const seconds = Math.floor(Date.parse(this.parts.clock.now()) / 1000);
    return { webhook, sent: await this.receiver.send(webhook, this.secrets, seconds) };
  }

  /** As they stand in the file now; where it cannot be read, as they last did. @throws where they never could */
  private secretsNow(): readonly WebhookSecret[] {
    try {
      return this.settings.secrets();
    } catch (error) {
      if (this.secrets.length === 0) throw error;
      this.parts.onFault(this.settings.clientId, error);
      return this.secrets;
    }
  }

  private async record(events: readonly WebhookTryEvent[]): Promise<void> {
    if (events.length === 0) return;
    const withIds = events.map((event) => ({ ...event, id: newEventId() })); // tried again they are the same events
    for (let attempt = 1; ; attempt++) {
      try {
        return await appendFacts(this.parts.store, webhookTriesStream(this.settings.clientId), withIds);
      } catch (error) {
        if (attempt >= RECORD_TRIES) throw error;
        await sleep(RECORD_PAUSE_MS);
      }
    }
  }

  /** Only while the address that answered is the one that is on: what waits may be meant for the next already. */
  private async switchOff(): Promise<void> {
    const { store, clock } = this.parts;
    const { clientId, url } = this.settings;
    const urlSha256 = digestOf(url);
    const { state } = await decideAndAppend(store, webhookStream(clientId), webhooks, (before) =>
      switchOff(before, { clientId, reason: 'gone', urlSha256, now: clock.now() }),
    );
    if (state.status !== 'on') return;
    this.isGoneHere = true;
    await this.turn.end();
  }

  /** All of it, as far as the turn has time; the rest after the next round. */
  private async giveUpTheOld(): Promise<void> {
    const { readModels, clock, onNotice } = this.parts;
    const { clientId } = this.settings;
    const now = clock.now();
    const before = plusSeconds(this.steady.now(), -GIVE_UP_AFTER_SECONDS);
    let last: WaitingWebhook | null = null;
    do {
      const old = webhooksSinceBefore(readModels.db, clientId, { before, after: last, limit: GIVEN_UP_AT_ONCE });
      await this.record(old.map((webhook) => givenUpEvent(clientId, webhook, 'too-old', now)));
      for (const { webhookId, attempts } of old) onNotice({ clientId, outcome: 'given-up', webhookId, attempts });
      last = old.length < GIVEN_UP_AT_ONCE ? null : (old.at(-1) ?? null);
    } while (last !== null && this.turn.hasTime());
  }
}
