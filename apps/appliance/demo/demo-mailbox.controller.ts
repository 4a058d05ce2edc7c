import { Controller, Get, NotFoundException, Param, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { MailReader } from '#libs/mail';
import type { ReadableMail } from '#libs/mail';
import { downloadHeaders } from '#libs/web-ui';
import { DemoMailbox } from './demo-mailbox.ts';
import type { DemoMail } from './demo-mailbox.ts';

/**
 * The policy of an attachment that was opened: as when a mail program saves it and hands it to the browser, it stands alone, is
 * of no origin (its form posts with `Origin: null`, its neighbours' cookies are out of reach) and may only post its form.
 */
const OPENED_ATTACHMENT =
  "sandbox allow-forms; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action http: https:; base-uri 'none'";

/** A mail program in the browser, for the demonstration: every mail that the appliance sent, and its attachments. */
@Controller('demo/mailbox')
export class DemoMailboxController {
  private readonly read = new WeakMap<DemoMail, Promise<ReadableMail>>();

  constructor(
    private readonly mailbox: DemoMailbox,
    private readonly reader: MailReader,
  ) {}

  @Get()
  @Render('appliance/demo/mailbox')
  async list(): Promise<object> {
    const mails = [];
    for (const mail of this.mailbox.list()) {
      const { mailSubject, from, attachments } = await this.readable(mail);
      mails.push({
        id: mail.id,
        receivedAt: mail.receivedAt,
        rcptTo: mail.rcptTo,
        mailSubject,
        from,
        attachments: attachments.length,
      });
    }
    return { mails };
  }

  @Get(':id')
  @Render('appliance/demo/mail')
  async show(@Param('id') id: string): Promise<object> {
    const mail = this.find(id);
    const { mailSubject, from, to, text, attachments } = await this.readable(mail);
    return {
      id: mail.id,
      receivedAt: mail.receivedAt,
      mailSubject,
      from,
      to: to || mail.rcptTo,
      text: text ?? '',
      attachments,
    };
  }

  /** As a mail program opens it: in the browser, on its own. */
  @Get(':id/message.html')
  async open(@Param('id') id: string, @Res() response: Response): Promise<void> {
    const mail = this.find(id);
    const page = (await this.readable(mail)).attachments.find(({ filename }) => /\.html?$/i.test(filename));
    const attachment = page && (await this.reader.attachment(Buffer.from(mail.content), page.index));
    if (!attachment) throw new NotFoundException();
    response.setHeader('Content-Security-Policy', OPENED_ATTACHMENT);
    for (const name of ['Cross-Origin-Opener-Policy', 'Origin-Agent-Cluster']) response.removeHeader(name); // a file has none
    response.type('html').send(attachment.content);
  }

  /** The whole mail, to try what its reader does where forms do not work: save it and hand it in at `/`. */
  @Get(':id/mail.eml')
  save(@Param('id') id: string, @Res() response: Response): void {
    const mail = this.find(id);
    downloadHeaders(response);
    response.attachment(`mail-${mail.id}.eml`).type('message/rfc822').send(mail.content);
  }

  private find(id: string): DemoMail {
    const mail = this.mailbox.find(id);
    if (mail === null) throw new NotFoundException();
    return mail;
  }

  private readable(mail: DemoMail): Promise<ReadableMail> {
    const before = this.read.get(mail);
    if (before !== undefined) return before;
    const reading = this.reader.read(Buffer.from(mail.content)); // a copy: the reader takes what it is given
    this.read.set(mail, reading);
    reading.catch(() => this.read.delete(mail));
    return reading;
  }
}
