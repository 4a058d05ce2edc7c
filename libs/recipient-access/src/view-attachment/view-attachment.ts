import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { encryptPersonalData } from '#libs/keyring';
import { MailReader, showableType } from '#libs/mail';
import type { ShowableType } from '#libs/mail';
import { viewAttachment } from '#libs/sealing';
import { DomainError } from '#libs/vocabulary';
import type { MessageId, PersonId } from '#libs/vocabulary';
import { MessageFiles } from '../message-files.ts';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../known-messages.ts';
import { NoSuchAttachment } from '../no-such-attachment.ts';
import { OpeningTurns } from '../opening-turns.ts';
import { RecipientAccessSettings } from '../settings.ts';

export interface ViewedFile {
  /** Cleaned: no path, no control or bidirectional characters, never empty. */
  readonly filename: string;
  readonly content: Uint8Array;
  /** By its first bytes, whatever its sender says. */
  readonly type: ShowableType;
  readonly recipientId: PersonId;
}

/** Not of a kind that browsers show by themselves, or not to be shown here. It can be saved. */
export class FileNotShown extends DomainError {
  constructor() {
    super('file-not-shown');
  }
}

/** One attachment by its index, to be looked at in the browser. */
export class ViewAttachment extends Command<ViewedFile> {
  readonly messageId: MessageId;
  readonly index: number;
  readonly asking: Asking;

  constructor(messageId: MessageId, index: number, asking: Asking) {
    super();
    this.messageId = messageId;
    this.index = index;
    this.asking = asking;
  }
}

@CommandHandler(ViewAttachment)
export class ViewAttachmentHandler implements ICommandHandler<ViewAttachment> {
  constructor(
    private readonly messages: MessageForReader,
    private readonly files: MessageFiles,
    private readonly reader: MailReader,
    private readonly turns: OpeningTurns,
    private readonly settings: RecipientAccessSettings,
  ) {}

  /**
   * An image as it is; of a PDF file what only shows (`MailReader.inertPdf`). Everything that can fail comes before the record.
   * @throws CannotBeShown, FileNotShown, NoSuchAttachment, TooManyOpenings, and what the stores throw
   */
  async execute({ messageId, index, asking }: ViewAttachment): Promise<ViewedFile> {
    await this.messages.requireAdmitted(messageId, asking);
    if (!this.settings.showsFiles) throw new FileNotShown();
    return this.turns.take(async () => {
      const taken = await this.files.take(messageId, [index], asking);
      const [found] = taken.files;
      if (found === undefined) throw new NoSuchAttachment();
      const { filename } = found;
      const type = showableType(found.content);
      if (type === null) throw new FileNotShown();
      const isPdf = type === 'application/pdf';
      const content = isPdf ? await this.reader.inertPdf(found.content) : found.content;
      if (content === null) throw new FileNotShown();
      await this.messages.record(messageId, taken, asking.networkAddress, (state, facts) => {
        const fileName = encryptPersonalData(taken.recipient, facts.eventId, 'fileName', filename);
        return viewAttachment(state, { ...facts, attachmentIndex: index, kind: isPdf ? 'pdf' : 'image', fileName });
      });
      return { filename, content, type, recipientId: taken.recipient.personId };
    });
  }
}
