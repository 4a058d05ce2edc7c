import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { EventStore, decideAndAppend } from '#libs/event-store';
import { PersonDirectory, encryptPersonalData } from '#libs/keyring';
import { newEventId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import type { MailSealer } from '../format/mail-sealer.ts';
import { messageStream, recordSealing, sealedMessages } from '../sealed-message.ts';

export interface SealMessageOptions {
  /** Kept in the record, readable with the recipient's key, where the organisation's policy wants it. Absent: not kept. */
  readonly mailSubject?: string;
  /** The sender's name, kept under the sender's key and shown before sign-in, where the organisation wants it. Null: not kept. */
  readonly senderName?: string | null;
  /** One for all the seals of a submission. */
  readonly submissionId?: string;
}

/**
 * A mail is sealed once its seal is recorded: only then may the carrier leave. The bytes were sealed before, streaming, by the
 * MailSealer given here, which must be finished.
 */
export class SealMessage extends Command<MessageId> {
  readonly seal: MailSealer;
  readonly options: SealMessageOptions;

  constructor(seal: MailSealer, options: SealMessageOptions = {}) {
    super();
    this.seal = seal;
    this.options = options;
  }
}

@CommandHandler(SealMessage)
export class SealMessageHandler implements ICommandHandler<SealMessage> {
  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
  ) {}

  /** May be repeated: the same seal is recorded once. @throws PersonDirectoryUnavailable, EventStoreUnavailable */
  async execute({ seal, options: { mailSubject, senderName = null, submissionId } }: SealMessage): Promise<MessageId> {
    const { messageId, headerSha256, manifest, sealingKeyId } = seal;
    const [sender, recipient] = await Promise.all([
      this.persons.findOrCreate(manifest.sender),
      this.persons.findOrCreate(manifest.recipient),
    ]);
    const eventId = newEventId();
    const facts = {
      eventId,
      messageId,
      organisation: manifest.organisation,
      senderId: sender.personId,
      recipientId: recipient.personId,
      sealingKeyId,
      manifestKeyId: manifest.signingKeyId,
      headerSha256,
      ...seal.digests(),
      sealedAt: manifest.sealedAt,
      expiresAt: manifest.expiresAt,
      sender: encryptPersonalData(sender, eventId, 'sender', manifest.sender),
      ...(senderName !== null && { senderName: encryptPersonalData(sender, eventId, 'senderName', senderName) }),
      recipient: encryptPersonalData(recipient, eventId, 'recipient', manifest.recipient),
      ...(mailSubject === undefined
        ? {}
        : { mailSubject: encryptPersonalData(recipient, eventId, 'mailSubject', mailSubject) }),
      ...(submissionId === undefined ? {} : { submissionId }),
      ...(manifest.policy === undefined ? {} : { policy: manifest.policy }),
      ...(manifest.terms === undefined ? {} : { terms: manifest.terms }),
    };
    await decideAndAppend(
      this.store,
      messageStream(messageId),
      sealedMessages,
      (state) => recordSealing(state, facts),
      {
        isLikelyNew: true, // a message id is random: only a seal that is taken up again was there before
      },
    );
    return messageId;
  }
}
