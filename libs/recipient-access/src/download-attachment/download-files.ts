import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { encryptPersonalData } from '#libs/keyring';
import { downloadAttachment } from '#libs/sealing';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';
import { MessageFiles } from '../message-files.ts';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../known-messages.ts';
import { NoSuchAttachment } from '../no-such-attachment.ts';
import { OpeningTurns } from '../opening-turns.ts';
import type { PackedFile } from './zip-stream.ts';

export interface DownloadedFiles {
  readonly filename: string;
  readonly files: readonly PackedFile[];
  readonly sealedAt: Instant;
  readonly recipientId: PersonId;
}

/** Several attachments at once, by their indexes. */
export class DownloadFiles extends Command<DownloadedFiles> {
  readonly messageId: MessageId;
  readonly indexes: readonly number[];
  readonly asking: Asking;

  constructor(messageId: MessageId, indexes: readonly number[], asking: Asking) {
    super();
    this.messageId = messageId;
    this.indexes = indexes;
    this.asking = asking;
  }
}

@CommandHandler(DownloadFiles)
export class DownloadFilesHandler implements ICommandHandler<DownloadFiles> {
  constructor(
    private readonly messages: MessageForReader,
    private readonly files: MessageFiles,
    private readonly turns: OpeningTurns,
  ) {}

  /** Each file is recorded as if it were downloaded alone. @throws CannotBeShown, DownloadNotAllowed, NoSuchAttachment, TooManyOpenings, and what the stores throw */
  async execute({ messageId, indexes, asking }: DownloadFiles): Promise<DownloadedFiles> {
    await this.messages.requireMayDownload(messageId, asking);
    return this.turns.take(async () => {
      const wanted = [...new Set(indexes)];
      if (wanted.length === 0) throw new NoSuchAttachment();
      const taken = await this.files.take(messageId, wanted, asking);
      const { recipient, facts, files } = taken;
      const downloads = files.map(
        ({ index, filename }): Parameters<MessageForReader['record']>[3] =>
          (state, showing) => {
            const fileName = encryptPersonalData(recipient, showing.eventId, 'fileName', filename);
            return downloadAttachment(state, { ...showing, attachmentIndex: index, fileName });
          },
      );
      await this.messages.record(messageId, taken, asking.networkAddress, ...downloads);
      const filename = `files-${messageId.slice(0, 8)}.zip`;
      return { filename, files, sealedAt: facts.sealedAt, recipientId: recipient.personId };
    });
  }
}
