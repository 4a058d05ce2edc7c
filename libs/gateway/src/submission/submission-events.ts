import { ADMINISTRATIVE } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor } from '#libs/event-store';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

/** Carriers go to the relay, or into the hands of who asked. */
export type SubmissionDelivery = 'relay' | 'hand-out';

/**
 * The stream of one submission. `SubmissionAccepted` is the point of no return: the same request is answered from it. Where carriers wait in an
 * outbox nothing leaves before it, and everything after it (`relay`); where they are handed to the relay within the request (`at-once`), it says that the
 * relay has them, and `SubmissionBegun` stood before it: the claim of one gateway to send until `endsBy`. `requestSha256` is made over person ids,
 * never over addresses.
 */
export type SubmissionEvent =
  | DomainEvent<
      'SubmissionBegun',
      { clientId: string; requestSha256: string; messageId: MessageId; begunAt: Instant; endsBy: Instant }
    >
  | DomainEvent<
      'SubmissionAccepted',
      {
        clientId: string;
        requestSha256: string;
        acceptedAt: Instant;
        delivery: SubmissionDelivery | 'at-once';
        messages: { recipientId: PersonId; messageId: MessageId }[];
      }
    >;

export const submissionEvents = {
  category: 'submission',
  names: 'submission',
  events: {
    SubmissionBegun: {
      ...ADMINISTRATIVE,
      messages: { messageId: true },
      facts: { happenedAt: 'begunAt' },
      words: ['clientId'],
    },
    SubmissionAccepted: {
      ...ADMINISTRATIVE,
      persons: { 'messages[].recipientId': 'recipient' },
      messages: { 'messages[].messageId': true },
      facts: { happenedAt: 'acceptedAt' },
      words: ['clientId', 'delivery'],
    },
  },
} as const satisfies StreamDescriptor<SubmissionEvent>;
