import { instantOf, parseMailAddress, parseMessageId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { CarrierWriter } from '../carrier/carrier-writer.ts';
import type { CarrierWriterOptions } from '../carrier/carrier-writer.ts';
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
  const writer = new CarrierWriter({
    mailHeader: collector.header(),
    messageId: SOME_MESSAGE_ID,
    sender: parseMailAddress('office@example.org'),
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
