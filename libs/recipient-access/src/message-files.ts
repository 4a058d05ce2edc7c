import { fileAt } from '#libs/mail';
import type { FilePlace, MailReader, ReadableMail } from '#libs/mail';
import type { MessageId } from '#libs/vocabulary';
import type { Asking } from './known-messages.ts';
import type { MessageForReader, VerifiedMail } from './message-for-reader.ts';
import { NoSuchAttachment } from './no-such-attachment.ts';
import type { WaitingCiphertext } from './waiting-ciphertext.ts';

export interface MessageFile {
  readonly index: number;
  /** Cleaned: no path, no control or bidirectional characters, never empty. */
  readonly filename: string;
  readonly content: Buffer;
}

/** Files of a message for a reader who proved its recipient's address. Not yet recorded, so not yet to be given. */
export interface TakenFiles extends Pick<VerifiedMail, 'facts' | 'read' | 'recipient' | 'proof'> {
  readonly files: readonly MessageFile[];
}

/**
 * The files of a message, decrypted anew each time. What one costs follows the file: once the mail was read, it is known where each
 * lies, and only the chunks that it lies in are opened. Where that is not known, the whole mail is opened and read.
 */
export class MessageFiles {
  constructor(
    private readonly messages: MessageForReader,
    private readonly reader: MailReader,
    private readonly waiting: WaitingCiphertext,
  ) {}

  /** To be called when a mail was read and before it is shown. @throws EphemeralStoreUnavailable */
  async noteWhereTheyLie(messageId: MessageId, mail: ReadableMail): Promise<void> {
    await this.waiting.rememberPlaces(messageId, placesIn(mail));
  }

  /** @throws CannotBeShown, NoSuchAttachment where one of them is none, and what the stores and the reader throw */
  async take(messageId: MessageId, indexes: readonly number[], asking: Asking): Promise<TakenFiles> {
    const known = await this.waiting.placesOf(messageId);
    const places = indexes.flatMap((index) => known?.find((place) => place.index === index) ?? []);
    const taken = places.length === indexes.length ? await this.takeAt(messageId, places, asking) : null;
    return taken ?? this.takeByReading(messageId, indexes, asking);
  }

  private async takeAt(messageId: MessageId, places: readonly FilePlace[], asking: Asking): Promise<TakenFiles | null> {
    const verified = await this.messages.verifiedParts(messageId, asking);
    const files: MessageFile[] = [];
    for (const place of places) {
      const bytes = await this.messages.bytesOf(messageId, verified, place.headAt, place.to);
      const file = await fileAt(bytes, place);
      if (place.encoding !== '') bytes.fill(0);
      if (file === null) return null;
      files.push({ index: place.index, ...file });
    }
    return { ...verified, files };
  }

  private async takeByReading(messageId: MessageId, indexes: readonly number[], asking: Asking): Promise<TakenFiles> {
    const { mail, ...verified } = await this.messages.verifiedMail(messageId, asking);
    const found = await this.reader.attachments(mail, indexes);
    const files = found.flatMap((file, at) => (file === null ? [] : { index: indexes[at] ?? 0, ...file }));
    if (files.length === 0 || files.length < indexes.length) throw new NoSuchAttachment();
    return { ...verified, files };
  }
}

function placesIn({ attachments, nested }: ReadableMail): FilePlace[] {
  return [
    ...[...attachments, ...nested].flatMap(({ place }) => place ?? []),
    ...nested.flatMap(({ mail }) => placesIn(mail)),
  ];
}
