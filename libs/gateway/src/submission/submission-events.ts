import type { DomainEvent, StreamDescriptor } from '#libs/event-store';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

/** Carriers go to the relay, or into the hands of who asked. */
export type SubmissionDelivery = 'relay' | 'hand-out';

/**
 * The stream of one submission. Its one event is the point of no return: before it nothing leaves, after it everything does, and the
 * same request is answered from it. `requestSha256` is made over person ids, never over addresses.
 */
export type SubmissionEvent = DomainEvent<
  'SubmissionAccepted',
  {
    clientId: string;
    requestSha256: string;
    acceptedAt: Instant;
    delivery: SubmissionDelivery;
    messages: { recipientId: PersonId; messageId: MessageId }[];
  }
>;

export const submissionEvents = {
  category: 'submission',
  names: 'submission',
  events: {
    SubmissionAccepted: {
      version: 1,
      evidence: 'administrative',
      outcome: 'done',
      persons: { 'messages[].recipientId': 'recipient' },
      encrypted: {},
      messages: { 'messages[].messageId': true },
      facts: { happenedAt: 'acceptedAt' },
      words: ['clientId', 'delivery'],
    },
  },
} as const satisfies StreamDescriptor<SubmissionEvent>;
