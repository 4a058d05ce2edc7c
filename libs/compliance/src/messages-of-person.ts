import type { PersonDirectory } from '#libs/keyring';
import type { Instant, MailAddress, MessageId, PersonId } from '#libs/vocabulary';

export interface MessageOfPerson {
  readonly messageId: MessageId;
  readonly part: 'sender' | 'recipient';
  readonly expiresAt: Instant;
}

/** Which messages were sealed for somebody, or sent by them: whoever follows the record knows. */
export abstract class MessagesOfPerson {
  /** Everything recorded before the call. @throws ProjectionsBehind */
  abstract of(personId: PersonId): AsyncIterable<MessageOfPerson>;

  /**
   * The address at which the record says that messages were sealed for somebody, or sent by them; null for somebody erased, or of whom it says none.
   * @throws ProjectionsBehind, PersonDirectoryUnavailable
   */
  abstract addressOf(personId: PersonId, persons: Pick<PersonDirectory, 'findById'>): Promise<MailAddress | null>;
}
