import { streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

/** Why a carrier came back, by the subject of its status (RFC 3463 §3); `unknown` where the bounce says it in words alone. */
export type BounceReason =
  | 'no-such-mailbox'
  | 'mailbox-unavailable'
  | 'mailbox-full'
  | 'mail-system'
  | 'network'
  | 'protocol'
  | 'content'
  | 'policy'
  | 'unknown';

/**
 * The stream of what came back of one message's carrier, beside that of the message: anybody who has had the carrier can write to its bounce address,
 * and must not stand in the way of a view or a revocation. Nothing of what the bounce says in words is kept.
 */
export type BounceEvent = DomainEvent<
  'CarrierBounced',
  {
    messageId: MessageId;
    senderId: PersonId;
    recipientId: PersonId;
    reason: BounceReason;
    /** RFC 3463, such as 5.1.1; null where the bounce has none. */
    status: string | null;
    /** Of the bounce's bytes, so that the same one counts once. */
    bounceSha256: string;
    bouncedAt: Instant;
  }
>;

export const bounceEvents = {
  category: 'bounce',
  names: 'message',
  events: {
    CarrierBounced: {
      version: 1,
      evidence: 'administrative',
      outcome: 'failed',
      persons: { senderId: 'sender', recipientId: 'recipient' },
      encrypted: {},
      messages: { messageId: true },
      facts: { happenedAt: 'bouncedAt', reason: 'reason' },
      words: ['reason', 'status'],
    },
  },
} as const satisfies StreamDescriptor<BounceEvent>;

export function bounceStream(messageId: MessageId): StreamName {
  return streamName(bounceEvents.category, messageId);
}
