import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { authorField, MailHeader } from '#libs/mail';
import { mailShapes, startSmtpSink } from '#libs/mail/testing';
import type { MessageId } from '#libs/vocabulary';
import { askToSeal, opened } from '../testing/sealing-api-client.ts';
import type { Answer } from '../testing/sealing-api-client.ts';
import { openSubmissionRoom } from '../testing/submission-room.ts';
import type { SubmissionRoomOptions } from '../testing/submission-room.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: Partial<SubmissionRoomOptions>) {
  const sink = await startSmtpSink();
  cleanups.push(() => sink.close());
  const room = await openSubmissionRoom({ relayPort: sink.port, ...options });
  cleanups.push(() => room.close());
  return { sink, room };
}

describe('the sealing API', () => {
  it('seals every shape of mail byte for byte, in a carrier that is no larger than it may be', async () => {
    const senders = [
      '@example.org',
      ...mailShapes().flatMap(({ bytes }) => authorField(MailHeader.of(bytes), 'from').names),
    ];
    const { room, sink } = await open({ officeSenders: senders });
    const shapes: [string, Buffer][] = [
      ...mailShapes().map(({ name, bytes }): [string, Buffer] => [name, bytes]),
      ['a header alone, with its end', Buffer.from('Subject: x\r\n\r\n')],
      ['bare line feeds', Buffer.from('Subject: x\n\na\nb\n.\n')],
      ['lone carriage returns', Buffer.from('Subject: x\r\ra\rb')],
      ['NUL and 8-bit', Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), Buffer.from([0, 255, 254, 13, 10, 0])])],
      ['one line of a megabyte', Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(1024 * 1024)}`)],
      ['25 MiB', Buffer.concat([Buffer.from('Subject: x\r\n\r\n'), randomBytes(25 * 1024 * 1024 - 14)])],
    ];
    expect(shapes.length).toBeGreaterThanOrEqual(46);
    for (const [name, mail] of shapes) {
      const response = await askToSeal(room, { body: mail });
      const header = MailHeader.of(mail);
      // Without a header it is no mail, and one that ends within its header was cut off.
      const isSealed = authorField(header, 'from').kind !== 'unclear' && header.isOfMail && header.isEnded;
      expect([name, response.status]).toEqual([name, isSealed ? 201 : 422]);
      if (!isSealed) continue;
      const { messages } = (await response.json()) as Answer;
      const carrier = sink.mails.at(-1)?.content ?? Buffer.alloc(0);
      expect([
        name,
        (await opened(room, carrier, messages[0]?.messageId as MessageId, 'anna@example.com')).equals(mail),
      ]).toEqual([name, true]);
      expect(carrier.length).toBeLessThanOrEqual(1.34 * mail.length + 16 * 1024);
      const { attachments } = await simpleParser(carrier.length > 2_000_000 ? carrier.subarray(0, 20_000) : carrier);
      expect([name, attachments.map(({ filename }) => filename)]).toEqual([name, ['message.html']]);
    }
  }, 120_000);
});
