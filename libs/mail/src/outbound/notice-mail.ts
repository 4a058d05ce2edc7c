import { randomUUID } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import type { Instant, MailAddress } from '#libs/vocabulary';

/** What an installation writes to those who run it, never to readers: plain text, from nobody who answers. */
export interface Notice {
  readonly from: MailAddress;
  /** What the sender is called. */
  readonly organisation: string;
  readonly to: MailAddress;
  readonly subject: string;
  readonly text: string;
  readonly writtenAt: Instant;
  /** Text beside it, byte for byte. */
  readonly file?: { readonly name: string; readonly text: string };
}

export async function composeNotice(notice: Notice): Promise<Buffer> {
  const { from, organisation, to, subject, text, writtenAt, file } = notice;
  const composer = new MailComposer({
    from: { name: organisation, address: from },
    to: { name: '', address: to },
    subject,
    date: new Date(writtenAt),
    messageId: `<${randomUUID()}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    text,
    headers: {
      'Auto-Submitted': 'auto-generated', // RFC 3834 §5: no vacation notice answers it
      'X-Auto-Response-Suppress': 'All', // the same for Exchange
    },
    // In base64, so that it comes out byte for byte whatever a mail server does with the ends of lines.
    ...(file !== undefined && {
      attachments: [
        {
          ...{ filename: file.name, content: Buffer.from(file.text) },
          ...{ contentType: 'text/plain; charset=utf-8', contentTransferEncoding: 'base64' as const },
        },
      ],
    }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}
