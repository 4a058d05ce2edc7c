import { streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant, MessageId } from '#libs/vocabulary';

/** Why a message to a receiver was given up: tried as often as the schedule says, or too old while the receiver takes nothing. */
export type GivingUpReason = 'tries-used-up' | 'too-old';

/**
 * The stream of what was tried at one program's receiver, by whichever gateway. A turn is recorded before anything is sent, so that of several
 * gateways one sends to a program at a time. A webhook's id is that of the event that it reports.
 */
export type WebhookTryEvent =
  | DomainEvent<'WebhookTurnTaken', { clientId: string; gatewayId: string; takenAt: Instant; endsBy: Instant }>
  /** Before its time, by a gateway that stops. */
  | DomainEvent<'WebhookTurnEnded', { clientId: string; gatewayId: string; endedAt: Instant }>
  | DomainEvent<
      'WebhooksTried',
      {
        clientId: string;
        delivered: readonly string[];
        deferred: readonly { webhookId: string; attempts: number; dueAt: Instant }[];
        triedAt: Instant;
      }
    >
  | DomainEvent<
      'WebhookGivenUp',
      {
        clientId: string;
        webhookId: string;
        messageId: MessageId;
        attempts: number;
        reason: GivingUpReason;
        givenUpAt: Instant;
      }
    >;

export const webhookTryEvents = {
  category: 'webhooktries',
  names: 'client',
  events: {
    WebhookTurnTaken: {
      version: 1,
      evidence: 'bookkeeping',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { happenedAt: 'takenAt' },
      words: ['clientId'],
    },
    WebhookTurnEnded: {
      version: 1,
      evidence: 'bookkeeping',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { happenedAt: 'endedAt' },
      words: ['clientId'],
    },
    WebhooksTried: {
      version: 1,
      evidence: 'bookkeeping',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { happenedAt: 'triedAt' },
      words: ['clientId'],
    },
    WebhookGivenUp: {
      version: 1,
      evidence: 'administrative',
      outcome: 'failed',
      persons: {},
      encrypted: {},
      messages: { messageId: true },
      facts: { happenedAt: 'givenUpAt', reason: 'reason' },
      words: ['clientId', 'reason'],
    },
  },
} as const satisfies StreamDescriptor<WebhookTryEvent>;

export function webhookTriesStream(clientId: string): StreamName {
  return streamName(webhookTryEvents.category, clientId);
}
