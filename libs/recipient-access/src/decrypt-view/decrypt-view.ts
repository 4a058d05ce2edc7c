import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { authorText, MailReader, writtenBy } from '#libs/mail';
import type { ReadableMail } from '#libs/mail';
import { mayDownload, viewMessage } from '#libs/sealing';
import type { MailAddress, MessageId, PersonId } from '#libs/vocabulary';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../known-messages.ts';
import { MessageFiles } from '../message-files.ts';
import { OpeningTurns } from '../opening-turns.ts';

/** A message made ready to be shown. That it is shown is recorded by then. */
export interface ViewedMessage {
  readonly readable: ReadableMail;
  /** The sender that the seal vouches for; the From field of the mail may say something else. */
  readonly sender: MailAddress;
  readonly recipient: MailAddress;
  readonly recipientId: PersonId;
  /** Whether its terms let it be saved and printed. */
  readonly mayDownload: boolean;
}

export class DecryptView extends Command<ViewedMessage> {
  readonly messageId: MessageId;
  readonly asking: Asking;
  readonly form: 'page' | 'print';

  constructor(messageId: MessageId, asking: Asking, form: 'page' | 'print' = 'page') {
    super();
    this.messageId = messageId;
    this.asking = asking;
    this.form = form;
  }
}

@CommandHandler(DecryptView)
export class DecryptViewHandler implements ICommandHandler<DecryptView> {
  constructor(
    private readonly messages: MessageForReader,
    private readonly reader: MailReader,
    private readonly files: MessageFiles,
    private readonly turns: OpeningTurns,
  ) {}

  /**
   * Everything that can fail comes before the record, the record before the answer: what resolves here was durably recorded,
   * and nothing else of it may be shown again without another record.
   *
   * @throws CannotBeShown, DownloadNotAllowed for a print, TooManyOpenings, and what the stores throw when they are away
   */
  async execute({ messageId, asking, form }: DecryptView): Promise<ViewedMessage> {
    const admitted = await (form === 'print'
      ? this.messages.requireMayDownload(messageId, asking)
      : this.messages.requireAdmitted(messageId, asking));
    return this.turns.take(async () => {
      const verified = await this.messages.verifiedMail(messageId, asking, admitted);
      const { sender, recipient } = verified.manifest;
      const read = await this.reader.read(verified.mail);
      await this.files.noteWhereTheyLie(messageId, read);
      const author = writtenBy(read.author, sender);
      const readable = { ...read, author, from: authorText(author) };
      await this.messages.record(messageId, verified, asking.networkAddress, (state, facts) =>
        viewMessage(state, { ...facts, form }),
      );
      const { recipient: person, facts } = verified;
      return { readable, sender, recipient, recipientId: person.personId, mayDownload: mayDownload(facts) };
    });
  }
}
