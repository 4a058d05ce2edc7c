import type { Instant, MessageId, PersonId } from '#libs/vocabulary';

export interface MessageOfPerson {
  readonly messageId: MessageId;
  readonly part: 'sender' | 'recipient';
  readonly expiresAt: Instant;
}

/** Which messages were sealed for somebody, or sent by them: whoever follows the record knows. */
export abstract class MessagesOfPerson {
  /** Everything recorded before the call. @throws ProjectionsBehind */
  abstract of(personId: PersonId): AsyncIterable<MessageOfPerson>;
}
