import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { NotSealedMail, readSealedHeader } from '#libs/sealing';
import type { MessageId } from '#libs/vocabulary';
import { CannotBeShown } from '../cannot-be-shown.ts';
import { MessageForReader } from '../message-for-reader.ts';

/** Takes in the ciphertext of one sealed message as it streams. The source is read no further than it has to be. */
export class OpenCarrier extends Command<MessageId> {
  readonly ciphertext: AsyncIterable<Uint8Array>;
  /** ClientNetwork.prefix */
  readonly networkPrefix: string;

  constructor(ciphertext: AsyncIterable<Uint8Array>, networkPrefix: string) {
    super();
    this.ciphertext = ciphertext;
    this.networkPrefix = networkPrefix;
  }
}

@CommandHandler(OpenCarrier)
export class OpenCarrierHandler implements ICommandHandler<OpenCarrier> {
  constructor(private readonly messages: MessageForReader) {}

  /** @throws CannotBeShown, and whatever MessageForReader.takeIn throws */
  async execute({ ciphertext, networkPrefix }: OpenCarrier): Promise<MessageId> {
    const pieces = ciphertext[Symbol.asyncIterator]();
    const { messageId, prefix } = await readHeader(pieces);
    await this.messages.takeIn(messageId, rest(prefix, pieces), networkPrefix);
    return messageId;
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
