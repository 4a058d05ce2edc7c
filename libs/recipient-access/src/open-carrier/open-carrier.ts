import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { EventStore, readState } from '#libs/event-store';
import { PersonDirectory } from '#libs/keyring';
import {
  messageStream,
  NotSealedMail,
  openability,
  readSealedHeader,
  sealedMessages,
  type SealedMessage,
} from '#libs/sealing';
import { Clock, DomainError, type Instant, type MessageId } from '#libs/vocabulary';
import type { DenialReason } from '../access-events.ts';
import { OpeningsRecord } from '../openings-record.ts';
import { CiphertextDiffers, WaitingCiphertext } from './waiting-ciphertext.ts';

/** One answer for all that cannot be shown. The reason is for the counters: no page, header or time tells it. */
export class CannotBeShown extends DomainError {
  readonly reason: DenialReason | 'not-sealed-mail' | 'unknown-message' | 'not-waiting';

  constructor(reason: CannotBeShown['reason']) {
    super('cannot-be-shown', reason);
    this.reason = reason;
  }
}

/** Takes in the ciphertext of one sealed message as it streams. The source is read no further than it has to be. */
export class OpenCarrier extends Command<MessageId> {
  readonly ciphertext: AsyncIterable<Uint8Array>;

  constructor(ciphertext: AsyncIterable<Uint8Array>) {
    super();
    this.ciphertext = ciphertext;
  }
}

@CommandHandler(OpenCarrier)
export class OpenCarrierHandler implements ICommandHandler<OpenCarrier> {
  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly waiting: WaitingCiphertext,
    private readonly openings: OpeningsRecord,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws CannotBeShown for everything that this portal did not seal, may not show any more, or finds altered
   * @throws EphemeralStoreFull, EventStoreUnavailable, PersonDirectoryUnavailable, EphemeralStoreUnavailable; whatever the
   * source throws
   */
  async execute({ ciphertext }: OpenCarrier): Promise<MessageId> {
    const pieces = ciphertext[Symbol.asyncIterator]();
    const { messageId, prefix } = await readHeader(pieces);
    const { state } = await readState(this.store, messageStream(messageId), sealedMessages);
    const now = this.clock.now();
    const { facts } = await this.ours(state, messageId, now);
    try {
      await this.waiting.takeIn(messageId, rest(prefix, pieces), facts);
    } catch (error) {
      if (!(error instanceof CiphertextDiffers)) throw error;
      return this.deny(messageId, 'altered', now);
    }
    await this.openings.record({ type: 'CarrierOpened', data: { messageId, openedAt: now } });
    return messageId;
  }

  private async ours(state: SealedMessage, messageId: MessageId, now: Instant) {
    switch (openability(state, now)) {
      case 'revoked':
        return this.deny(messageId, 'revoked', now);
      case 'expired':
        return this.deny(messageId, 'expired', now);
      case 'unknown':
        throw new CannotBeShown('unknown-message'); // not ours: counted, never recorded
      case 'open':
        if (state.status !== 'sealed') throw new CannotBeShown('unknown-message');
        // Answered here like the others: a redirect to a page that says no would tell that somebody was erased.
        if ((await this.persons.findById(state.recipientId)) === null)
          return this.deny(messageId, 'person-erased', now);
        return { facts: state };
    }
  }

  private async deny(messageId: MessageId, reason: DenialReason, now: Instant): Promise<never> {
    await this.openings.record({ type: 'ViewDenied', data: { messageId, reason, deniedAt: now } });
    throw new CannotBeShown(reason);
  }
}

type Pieces = AsyncIterator<Uint8Array>;

/** Only the first two kilobytes are looked at before anything else happens. */
async function readHeader(pieces: Pieces): Promise<{ messageId: MessageId; prefix: Buffer }> {
  let prefix = Buffer.alloc(0);
  try {
    for (;;) {
      const told = readSealedHeader(prefix);
      if (told.status === 'header') return { messageId: told.messageId, prefix };
      const next = await pieces.next();
      if (next.done === true) throw new CannotBeShown('not-sealed-mail');
      prefix = Buffer.concat([prefix, next.value]);
    }
  } catch (error) {
    throw error instanceof NotSealedMail ? new CannotBeShown('not-sealed-mail') : error;
  }
}

async function* rest(prefix: Uint8Array, pieces: Pieces): AsyncGenerator<Uint8Array> {
  yield prefix;
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
}
