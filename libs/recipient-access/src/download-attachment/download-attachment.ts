import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { encryptPersonalData } from '#libs/keyring';
import { downloadAttachment, viewMessage } from '#libs/sealing';
import type { MessageId, PersonId } from '#libs/vocabulary';
import { MessageFiles } from '../message-files.ts';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../known-messages.ts';
import { NoSuchAttachment } from '../no-such-attachment.ts';
import { OpeningTurns } from '../opening-turns.ts';

export interface DownloadedFile {
  /** Cleaned: no path, no control or bidirectional characters, never empty. */
  readonly filename: string;
  readonly content: Uint8Array;
  readonly recipientId: PersonId;
}

/** One attachment by its index, or with `original` the whole mail as it was sealed. */
export class DownloadAttachment extends Command<DownloadedFile> {
  readonly messageId: MessageId;
  readonly attachment: number | 'original';
  readonly asking: Asking;

  constructor(messageId: MessageId, attachment: number | 'original', asking: Asking) {
    super();
    this.messageId = messageId;
    this.attachment = attachment;
    this.asking = asking;
  }
}

@CommandHandler(DownloadAttachment)
export class DownloadAttachmentHandler implements ICommandHandler<DownloadAttachment> {
  constructor(
    private readonly messages: MessageForReader,
    private readonly files: MessageFiles,
    private readonly turns: OpeningTurns,
  ) {}

  /** Decrypts anew for each download. @throws CannotBeShown, DownloadNotAllowed, NoSuchAttachment, TooManyOpenings, and what the stores throw */
  async execute({ messageId, attachment, asking }: DownloadAttachment): Promise<DownloadedFile> {
    await this.messages.requireMayDownload(messageId, asking);
    return this.turns.take(async () => {
      if (attachment === 'original') {
        const verified = await this.messages.verifiedMail(messageId, asking);
        const recipientId = verified.recipient.personId;
        await this.messages.record(messageId, verified, asking.networkAddress, (state, facts) =>
          viewMessage(state, { ...facts, form: 'original' }),
        );
        return { filename: `message-${messageId.slice(0, 8)}.eml`, content: verified.mail, recipientId };
      }
      const taken = await this.files.take(messageId, [attachment], asking);
      const [found] = taken.files;
      if (found === undefined) throw new NoSuchAttachment();
      await this.messages.record(messageId, taken, asking.networkAddress, (state, facts) => {
        const fileName = encryptPersonalData(taken.recipient, facts.eventId, 'fileName', found.filename);
        return downloadAttachment(state, { ...facts, attachmentIndex: attachment, fileName });
      });
      return { ...found, recipientId: taken.recipient.personId };
    });
  }
}
