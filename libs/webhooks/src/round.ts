import type { Instant } from '#libs/vocabulary';
import type { Sent } from './receiver.ts';
import { nextTryAt } from './retry-schedule.ts';
import type { WaitingWebhook } from './waiting-webhooks.ts';
import type { GivingUpReason, WebhookTryEvent } from './webhook-try-events.ts';

/** 5 days, as for carriers: what waits longer while a receiver takes nothing is given up, tried or not. */
export const GIVE_UP_AFTER_SECONDS = 5 * 86_400;

export interface Tried {
  readonly webhook: WaitingWebhook;
  readonly sent: Sent;
}

export interface RoundFacts {
  readonly clientId: string;
  readonly tried: readonly Tried[];
  readonly now: Instant;
  /** From 0 up to 1, one for each try. */
  readonly chance: () => number;
}

/** What a round leaves in the record; nothing for an empty one. After a 410 the rest is dropped with the webhook itself. */
export function eventsOfRound({ clientId, tried, now, chance }: RoundFacts): WebhookTryEvent[] {
  const delivered: string[] = [];
  const deferred: { webhookId: string; attempts: number; dueAt: Instant }[] = [];
  const givenUp: WebhookTryEvent[] = [];
  for (const { webhook, sent } of tried) {
    const { webhookId } = webhook;
    if (sent.outcome === 'delivered') delivered.push(webhookId);
    if (sent.outcome !== 'failed') continue;
    const attempts = webhook.attempts + 1;
    const dueAt = nextTryAt(attempts, now, chance());
    if (dueAt === null) givenUp.push(givenUpEvent(clientId, { ...webhook, attempts }, 'tries-used-up', now));
    else deferred.push({ webhookId, attempts, dueAt });
  }
  if (delivered.length + deferred.length === 0) return givenUp;
  return [{ type: 'WebhooksTried', data: { clientId, delivered, deferred, triedAt: now } }, ...givenUp];
}

export function givenUpEvent(
  clientId: string,
  { webhookId, messageId, attempts }: Pick<WaitingWebhook, 'webhookId' | 'messageId' | 'attempts'>,
  reason: GivingUpReason,
  now: Instant,
): WebhookTryEvent {
  return {
    type: 'WebhookGivenUp',
    data: { clientId, webhookId, messageId, attempts, reason, givenUpAt: now },
  };
}
