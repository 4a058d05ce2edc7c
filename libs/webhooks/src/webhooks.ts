import { randomUUID } from 'node:crypto';
import { decideAndAppend, ProjectionRunner } from '#libs/event-store';
import type { EventStore, ReadModels } from '#libs/event-store';
import { secondsBetween } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import { ProgramWebhook } from './program-webhook.ts';
import type { WebhookNotice } from './program-webhook.ts';
import type { WebhookSettings } from './receiver.ts';
import { COUNTED_AT_MOST, waitingWebhooks, webhookStandings } from './waiting-webhooks.ts';
import type { WebhookStanding } from './waiting-webhooks.ts';
import { digestOf, switchOff, switchOn, webhooks } from './webhook.ts';
import { webhookStream } from './webhook-events.ts';

export interface WebhooksOptions {
  readonly store: EventStore;
  /** A file of its own: it is rebuilt from the record where it is missing. */
  readonly readModels: ReadModels;
  readonly clock: Clock;
  /** One at most for each program. */
  readonly webhooks: readonly WebhookSettings[];
  readonly onNotice: (notice: WebhookNotice) => void;
  readonly onFault: (clientId: string, error: unknown) => void;
  /** How often it is looked for what is due. Default 1 s. */
  readonly lookMs?: number;
  /** How often it is looked for what a clock that was set back has put off. Default a minute. */
  readonly lookAheadMs?: number;
  /** After a round in which nothing was taken; twice as long each time, up to 5 min. Default 1 s. */
  readonly firstPauseMs?: number;
  /** Of a clock that is never set (SteadyClock). Only tests give one. */
  readonly monotonicMs?: () => number;
}

/** An hour: past it a message that waits is worth a warning. */
const LATE_SECONDS = 3600;

/** Sends programs what becomes of their messages. Any number of gateways on one record may do so beside each other. */
export class Webhooks {
  private readonly projections: ProjectionRunner;
  private readonly programs: readonly ProgramWebhook[];
  private readonly stop = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: WebhooksOptions,
    /** Programs of which the record has another address, since it was switched on within the hour. */
    private readonly differing: ReadonlySet<string>,
  ) {
    const { store, readModels, clock } = options;
    this.projections = new ProjectionRunner(store, readModels, [waitingWebhooks], { clock });
    const parts = { ...options, projections: this.projections, gatewayId: randomUUID() };
    this.programs = options.webhooks.map((settings) => new ProgramWebhook(settings, parts));
  }

  /** Records what is configured, and begins. Call `close` before the store and the read models are closed. @throws EventStoreUnavailable */
  static async start(options: WebhooksOptions): Promise<Webhooks> {
    const differing = new Set<string>();
    for (const { clientId, url, includesViews } of options.webhooks) {
      const urlSha256 = digestOf(url);
      const { state } = await decideAndAppend(options.store, webhookStream(clientId), webhooks, (before) =>
        switchOn(before, { clientId, urlSha256, includesViews, now: options.clock.now() }),
      );
      if (state.status === 'on' && state.urlSha256 !== urlSha256) differing.add(clientId);
    }
    const started = new Webhooks(options, differing);
    started.projections.start();
    started.running = Promise.all(started.programs.map((program) => program.run(started.stop.signal)));
    return started;
  }

  /** What an operator should look at, a sentence for each program; empty where all is well. */
  troubles(): string[] {
    const [status] = this.projections.status();
    if (status !== undefined && status.lastError !== null)
      return [`what waits cannot be read from the record: ${status.lastError}`];
    const { db } = this.options.readModels;
    const standings = new Map(webhookStandings(db).map((standing) => [standing.clientId, standing]));
    return this.programs.flatMap((program) => {
      const { clientId } = program.settings;
      const trouble = program.trouble() ?? this.troubleOf(clientId, standings.get(clientId));
      return trouble === null ? [] : [`${clientId}: ${trouble}`];
    });
  }

  private troubleOf(clientId: string, standing: WebhookStanding | undefined): string | null {
    if (this.differing.has(clientId))
      return 'another url was switched on within the hour before this start: start again after an hour if this one counts';
    if (standing === undefined) return null;
    const { offReason, waiting, oldestSince } = standing;
    if (offReason === 'gone') return 'its receiver answered 410 Gone, and gets nothing more';
    if (offReason === 'not-configured')
      return 'it is configured here, but a gateway that started without it switched it off: start this one again';
    const lateSeconds = oldestSince === null ? 0 : secondsBetween(oldestSince, this.options.clock.now());
    if (lateSeconds <= LATE_SECONDS) return null;
    const count = waiting < COUNTED_AT_MOST ? waiting : `${waiting} or more`;
    return `${count} messages wait, the oldest for ${Math.round(lateSeconds / 60)} minutes`;
  }

  /** For gauges: over all programs, 10,000 of each at most. */
  counts(): { readonly waiting: number; readonly oldestSeconds: number } {
    const standings = webhookStandings(this.options.readModels.db);
    const now = this.options.clock.now();
    const ages = standings.map(({ oldestSince }) => (oldestSince === null ? 0 : secondsBetween(oldestSince, now)));
    const waiting = standings.reduce((sum, standing) => sum + standing.waiting, 0);
    return { waiting, oldestSeconds: Math.max(0, ...ages) };
  }

  /** Begins nothing more, and waits for the round under way: three quarters of a minute at most. May be called twice. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
    await this.projections.stop();
  }
}

/**
 * For programs whose settings name no webhook, at every start: what happens from now on is never sent, whatever is configured later.
 * @returns those that stay on, since they were switched on within the hour: this process may have started with the settings of before
 * @throws EventStoreUnavailable
 */
export async function switchOffWebhooks(
  store: EventStore,
  clock: Clock,
  clientIds: readonly string[],
): Promise<string[]> {
  const stillOn: string[] = [];
  for (const clientId of clientIds) {
    const { state } = await decideAndAppend(store, webhookStream(clientId), webhooks, (before) =>
      switchOff(before, { clientId, reason: 'not-configured', now: clock.now() }),
    );
    if (state.status === 'on') stillOn.push(clientId);
  }
  return stillOn;
}
