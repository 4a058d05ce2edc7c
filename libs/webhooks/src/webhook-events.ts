import { ADMINISTRATIVE, streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';

/**
 * The stream of one program's webhook: since when what becomes of its messages is sent there. What happened before `WebhookSwitchedOn`, or after
 * `WebhookSwitchedOff`, is never sent. The address itself is a setting and may hold a secret: the record has its digest, lower-case hex.
 */
export type WebhookEvent =
  | DomainEvent<
      'WebhookSwitchedOn',
      { clientId: string; urlSha256: string; includesViews: boolean; switchedOnAt: Instant }
    >
  /** `gone`: the receiver answered 410. */
  | DomainEvent<'WebhookSwitchedOff', { clientId: string; reason: 'gone' | 'not-configured'; switchedOffAt: Instant }>;

export const webhookEvents = {
  category: 'webhook',
  names: 'client',
  events: {
    WebhookSwitchedOn: {
      ...ADMINISTRATIVE,
      facts: { happenedAt: 'switchedOnAt' },
      words: ['clientId'],
    },
    WebhookSwitchedOff: {
      ...ADMINISTRATIVE,
      facts: { happenedAt: 'switchedOffAt', reason: 'reason' },
      words: ['clientId', 'reason'],
    },
  },
} as const satisfies StreamDescriptor<WebhookEvent>;

export function webhookStream(clientId: string): StreamName {
  return streamName(webhookEvents.category, clientId);
}
