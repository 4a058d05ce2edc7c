import { ADMINISTRATIVE, streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

/**
 * The stream of one carrier's way from the outbox to the relay, beside that of its message: what the relay said for good, once. Tries that it
 * put off are in the log and the metrics alone. No word of the relay's reply is kept: it may name people.
 */
export type DeliveryEvent =
  | DomainEvent<
      'CarrierRelayed',
      { messageId: MessageId; senderId: PersonId; recipientId: PersonId; clientId: string; relayedAt: Instant }
    >
  | DomainEvent<
      'CarrierRefused',
      {
        messageId: MessageId;
        senderId: PersonId;
        recipientId: PersonId;
        clientId: string;
        /** `expired`: the relay put it off until the outbox gave up. */
        reason: 'refused' | 'expired';
        /** RFC 3463, such as 5.1.1; null where the relay gave none. */
        status: string | null;
        refusedAt: Instant;
      }
    >;

const persons = { senderId: 'sender', recipientId: 'recipient' } as const;

export const deliveryEvents = {
  category: 'delivery',
  names: 'message',
  events: {
    CarrierRelayed: {
      ...ADMINISTRATIVE,
      persons,
      messages: { messageId: true },
      facts: { happenedAt: 'relayedAt' },
      words: ['clientId'],
    },
    CarrierRefused: {
      ...ADMINISTRATIVE,
      outcome: 'refused',
      persons,
      messages: { messageId: true },
      facts: { happenedAt: 'refusedAt', reason: 'reason' },
      words: ['clientId', 'reason', 'status'],
    },
  },
} as const satisfies StreamDescriptor<DeliveryEvent>;

export function deliveryStream(messageId: MessageId): StreamName {
  return streamName(deliveryEvents.category, messageId);
}
