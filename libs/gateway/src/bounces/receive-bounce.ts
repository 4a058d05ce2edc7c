import { createHash } from 'node:crypto';
import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { decideAndAppend, EventStore, readState } from '#libs/event-store';
import { decryptPersonalData, PersonDirectory } from '#libs/keyring';
import { deliveryFailureIn, MailRelay, RelayUnavailable } from '#libs/mail';
import { messageStream, sealedMessages } from '#libs/sealing';
import type { SealedMessage } from '#libs/sealing';
import { Clock, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress, MessageId } from '#libs/vocabulary';
import type { StoredMail } from '../outgoing-mail.ts';
import { AnswerCounts } from './answer-counts.ts';
import { bounceStream } from '../bounce-events.ts';
import { bounces, reasonOf, recordBounce } from './bounces.ts';

/** 256 KiB: a report says what happened near its beginning, and what it gives back of the carrier is not read. */
const MAX_READ_BYTES = 256 * 1024;

export type BounceReceipt =
  | 'recorded'
  /** The same one, or past the bound: it leads nowhere. */
  | 'recorded-before'
  /** Nothing failed: an automatic reply, a delay, a receipt. It goes to who wrote, as it would have gone, or no further past a bound. */
  | 'not-a-bounce'
  /** Its message was never recorded here: its carrier never left. */
  | 'unknown-message';

/** One mail that came to the bounce address of a message's carrier. */
export class ReceiveBounce extends Command<BounceReceipt> {
  constructor(
    readonly messageId: MessageId,
    readonly mail: StoredMail,
    readonly signal: AbortSignal,
  ) {
    super();
  }
}

/**
 * Records what failed, and sends on to who wrote what has come, as it would have reached them without the address between: their mail program shows
 * it where they look for it. First that, then the record: what breaks off in between is sent again.
 *
 * @throws RelayUnavailable, EventStoreUnavailable, PersonDirectoryUnavailable, after which the same may be received again
 */
@CommandHandler(ReceiveBounce)
export class ReceiveBounceHandler implements ICommandHandler<ReceiveBounce> {
  private readonly others = new AnswerCounts();

  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly relay: MailRelay,
    private readonly clock: Clock,
  ) {}

  async execute({ messageId, mail, signal }: ReceiveBounce): Promise<BounceReceipt> {
    const { state: message } = await readState(this.store, messageStream(messageId), sealedMessages);
    if (message.status === 'unknown') return 'unknown-message';
    const { beginning, sha256, isEightBit } = await readBeginning(mail);
    const sendOn = () => this.sendOn(message, mail, isEightBit, signal);
    const failure = deliveryFailureIn(beginning);
    if (failure === null) {
      if (this.others.mayHaveAnother(messageId)) await sendOn();
      return 'not-a-bounce';
    }
    const { senderId, recipientId } = message;
    const { status } = failure;
    const facts = { messageId, senderId, recipientId, reason: reasonOf(status), status, bounceSha256: sha256 };
    const { state: known } = await readState(this.store, bounceStream(messageId), bounces);
    if (recordBounce(known, { ...facts, now: this.clock.now() }).length === 0) return 'recorded-before';
    await sendOn();
    await decideAndAppend(this.store, bounceStream(messageId), bounces, (state) =>
      recordBounce(state, { ...facts, now: this.clock.now() }),
    );
    return 'recorded';
  }

  /** From the null path, so that nothing comes back for it. Refused for good: the record has it. */
  private async sendOn(
    message: Exclude<SealedMessage, { status: 'unknown' }>,
    mail: StoredMail,
    isEightBit: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const recipient = await this.senderOf(message);
    if (recipient === null) return; // erased meanwhile
    const outcomes = await this.relay.sendToAll({
      mailFrom: '',
      recipients: [recipient],
      content: () => mail.content(),
      contentBytes: mail.bytes,
      eightBit: isEightBit,
      kind: 'report',
      signal,
    });
    const later = outcomes.find(({ status }) => status === 'unavailable');
    if (later) throw new RelayUnavailable(later.reply, later.replyCode);
  }

  private async senderOf({
    senderId,
    sender,
    eventId,
  }: Exclude<SealedMessage, { status: 'unknown' }>): Promise<MailAddress | null> {
    const person = await this.persons.findById(senderId);
    return person === null ? null : parseMailAddress(String(decryptPersonalData(person, eventId, 'sender', sender)));
  }
}

async function readBeginning(mail: StoredMail): Promise<{ beginning: Buffer; sha256: string; isEightBit: boolean }> {
  const hash = createHash('sha256');
  const pieces: Buffer[] = [];
  let bytes = 0;
  let isEightBit = false;
  for await (const piece of mail.content()) {
    hash.update(piece);
    isEightBit ||= piece.some((octet) => octet > 0x7f);
    if (bytes < MAX_READ_BYTES) pieces.push(Buffer.from(piece.subarray(0, MAX_READ_BYTES - bytes)));
    bytes += piece.length;
  }
  return { beginning: Buffer.concat(pieces), sha256: hash.digest('hex'), isEightBit };
}
