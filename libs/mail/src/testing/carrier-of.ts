import { instantOf, parseMailAddress, parseMessageId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { CarrierWriter } from '../carrier/carrier-writer.ts';
import type { CarrierWriterOptions } from '../carrier/carrier-writer.ts';
import { authorField } from '../syntax/author.ts';
import { MailHeaderCollector } from '../syntax/header-fields.ts';

export const SOME_MESSAGE_ID = parseMessageId('abcdefghijklmnopqrstuvwxyz234567') as MessageId;

/** A carrier around any bytes, fed in pieces of `pieceBytes`. */
export function carrierOf(
  mail: Buffer,
  ciphertext: Buffer,
  overrides: Partial<CarrierWriterOptions> = {},
  pieceBytes = 64 * 1024,
): Buffer {
  const collector = new MailHeaderCollector();
  collector.push(mail);
  const mailHeader = collector.header();
  const from = authorField(mailHeader, 'from');
  const writer = new CarrierWriter({
    mailHeader,
    author: from.kind === 'one' ? from.author : { address: parseMailAddress('office@example.org'), displayName: '' },
    messageId: SOME_MESSAGE_ID,
    sealedAt: instantOf('2026-11-22T12:00:00Z'),
    expiresAt: instantOf('2027-02-20T12:00:00Z'),
    publicUrl: new URL('https://mail.example.org'),
    organisation: { name: 'Example Office', locales: ['en', 'da'] },
    ...overrides,
  });
  const pieces: Buffer[] = [writer.begin()];
  for (let start = 0; start < ciphertext.length; start += pieceBytes) {
    pieces.push(Buffer.from(writer.update(ciphertext.subarray(start, start + pieceBytes))));
  }
  pieces.push(writer.finish());
  return Buffer.concat(pieces);
}
