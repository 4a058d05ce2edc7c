import { createHash, randomUUID } from 'node:crypto';
import { decideAndAppend, ProjectionRunner } from '#libs/event-store';
import type { EventStore, ReadModels } from '#libs/event-store';
import { secondsBetween } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import { ProgramWebhook } from './program-webhook.ts';
import type { WebhookNotice } from './program-webhook.ts';
import type { WebhookSettings } from './receiver.ts';
import { waitingWebhooks, webhookStandings } from './waiting-webhooks.ts';
import { switchOff, switchOn, webhooks } from './webhook.ts';
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
  /** After a round in which nothing was taken; twice as long each time, up to 5 min. Default 1 s. */
  readonly firstPauseMs?: number;
}

/** An hour: past it a message that waits is worth a warning. */
const LATE_SECONDS = 3600;

/** Sends programs what becomes of their messages. Any number of gateways on one record may do so beside each other. */
export class Webhooks {
  private readonly projections: ProjectionRunner;
  private readonly programs: readonly ProgramWebhook[];
  private readonly stop = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  private constructor(private readonly options: WebhooksOptions) {
    const { store, readModels, clock } = options;
    this.projections = new ProjectionRunner(store, readModels, [waitingWebhooks], { clock });
    const parts = { ...options, projections: this.projections, gatewayId: randomUUID() };
    this.programs = options.webhooks.map((settings) => new ProgramWebhook(settings, parts));
  }

  /** Records what is configured, and begins. Call `close` before the store and the read models are closed. @throws EventStoreUnavailable */
  static async start(options: WebhooksOptions): Promise<Webhooks> {
    for (const { clientId, url, includesViews } of options.webhooks) {
      const urlSha256 = createHash('sha256').update(url.href).digest('hex');
      await decideAndAppend(options.store, webhookStream(clientId), webhooks, (state) =>
        switchOn(state, { clientId, urlSha256, includesViews, now: options.clock.now() }),
      );
    }
    const started = new Webhooks(options);
    started.projections.start();
    started.running = Promise.all(started.programs.map((program) => program.run(started.stop.signal)));
    return started;
  }

  /** What an operator should look at, a sentence for each program; empty where all is well. */
  troubles(): string[] {
    const { clock, webhooks: configured, readModels } = this.options;
    const [status] = this.projections.status();
    if (status !== undefined && status.lastError !== null)
      return [`what waits cannot be read from the record: ${status.lastError}`];
    const now = clock.now();
    return webhookStandings(readModels.db).flatMap(({ clientId, offReason, waiting, oldestSince }) => {
      if (!configured.some((one) => one.clientId === clientId)) return [];
      if (offReason === 'gone') return [`${clientId}: its receiver answered 410 Gone, and gets nothing more`];
      const lateSeconds = oldestSince === null ? 0 : secondsBetween(oldestSince, now);
      if (lateSeconds <= LATE_SECONDS) return [];
      return [`${clientId}: ${waiting} messages wait, the oldest for ${Math.round(lateSeconds / 60)} minutes`];
    });
  }

  /** For gauges: over all programs. */
  counts(): { readonly waiting: number; readonly oldestSeconds: number } {
    const standings = webhookStandings(this.options.readModels.db);
    const now = this.options.clock.now();
    const ages = standings.map(({ oldestSince }) => (oldestSince === null ? 0 : secondsBetween(oldestSince, now)));
    const waiting = standings.reduce((sum, standing) => sum + standing.waiting, 0);
    return { waiting, oldestSeconds: Math.max(0, ...ages) };
  }

  /** Begins nothing more, and waits for the round under way: half a minute at most. May be called twice. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.running;
    await this.projections.stop();
  }
}

/**
 * For programs whose settings name no webhook, at every start: what happens from now on is never sent, whatever is configured later.
 * @throws EventStoreUnavailable
 */
export async function switchOffWebhooks(store: EventStore, clock: Clock, clientIds: readonly string[]): Promise<void> {
  for (const clientId of clientIds) {
    await decideAndAppend(store, webhookStream(clientId), webhooks, (state) =>
      switchOff(state, { clientId, reason: 'not-configured', now: clock.now() }),
    );
  }
}
