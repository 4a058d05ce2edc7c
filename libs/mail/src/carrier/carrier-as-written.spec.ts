import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SOME_MESSAGE_ID, carrierOf } from '../testing/carrier-of.ts';
import { carrierAsWritten } from './carrier-as-written.ts';

const ciphertext = Buffer.concat([Buffer.from('age-encryption.org/v1\n'), randomBytes(20_000)]);
const original = Buffer.from('From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nx');
const carrier = carrierOf(original, ciphertext).toString('latin1');
const outer = `=_segl_${SOME_MESSAGE_ID}`;
const inner = `=_text_${SOME_MESSAGE_ID}`;
const of = (mail: string) => carrierAsWritten(Buffer.from(mail, 'latin1'));
const seal = {
  messageId: SOME_MESSAGE_ID,
  ciphertextSha256: createHash('sha256').update(ciphertext).digest('hex'),
};

describe('a carrier as it was written', () => {
  it.each<[string, string]>([
    ['as it left', carrier],
    ['with fields that servers add', `Received: from a by b; x\r\nDKIM-Signature: v=1;\r\n\tb=abc\r\n${carrier}`],
    ['with letters in base64', withLetters('Γραφείο '.repeat(400))],
  ])('is known %s', (_what, mail) => expect(of(mail)).toEqual(seal));

  const secret = 'The diagnosis is gout.';
  const forwarded = `Subject: FW\r\nContent-Type: multipart/mixed; boundary="o"\r\n\r\n--o\r\nContent-Type: text/plain\r\n\r\n${secret}\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n${carrier}\r\n--o--\r\n`;
  const attached = `--${outer}\r\nContent-Type: text/plain\r\n\r\n${secret}\r\n`;
  it.each<[string, string]>([
    ['nothing', ''],
    ['forwarded as an attachment, with words above it', forwarded],
    ['forwarded so, with our field in the header', `Segl-Message: ${SOME_MESSAGE_ID}\r\n${forwarded}`],
    [
      'forwarded in delimiters of ours',
      `Segl-Message: ${SOME_MESSAGE_ID}\r\n${forwarded.replaceAll('--o', `--${outer}`).replace('"o"', `"${outer}"`)}`,
    ],
    ['composed anew by a program that keeps our field', carrier.replaceAll(outer, '=_other').replaceAll(inner, '=_in')],
    ['without our field', carrier.replace(/^Segl-Message: .*\r\n/m, '')],
    ['with our field twice', `Segl-Message: ${SOME_MESSAGE_ID}\r\n${carrier}`],
    ['with a second type', `Content-Type: text/plain\r\n${carrier}`],
    [
      'with an encoding around it all',
      carrier.replace('MIME-Version', 'Content-Transfer-Encoding: base64\r\nMIME-Version'),
    ],
    ['with a line in its header that is no field', carrier.replace('MIME-Version', `${secret}\r\nMIME-Version`)],
    ['with words in front of its parts', carrier.replace(`\r\n\r\n--${outer}`, `\r\n\r\n${secret}\r\n--${outer}`)],
    ['with words behind its parts', `${carrier}${secret}\r\n`],
    ['with words between its parts', carrier.replace(`--${inner}--\r\n`, `--${inner}--\r\n${secret}\r\n`)],
    ['with a part more', carrier.replace(`--${outer}--`, `${attached}--${outer}--`)],
    ['with a part more behind its end', `${carrier}${attached}`],
    ['with a part more in front', carrier.replace(`--${outer}\r\n`, `${attached}--${outer}\r\n`)],
    ['with another kind of letter', carrier.replace('Content-Type: text/plain', 'Content-Type: text/enriched')],
    ['with words in front of its page', carrier.replace(/7bit\r\n\r\n<!/, `7bit\r\n\r\n${secret}<!`)],
    ['with words behind its page', carrier.replace('</html>\r\n--=_segl', `</html>${secret}\r\n--=_segl`)],
    ['with the page of another message', carrier.replace(/content="1 a/, 'content="1 b')],
    ['cut short', carrier.slice(0, -2000)],
    ['without ciphertext', carrierOf(original, Buffer.alloc(0)).toString('latin1')],
    [
      'as a mere mark and a field',
      `Segl-Message: ${SOME_MESSAGE_ID}\r\nContent-Type: text/html\r\n\r\n<meta name="segl" content="1 ${SOME_MESSAGE_ID}"><p>${secret}<input name="m" value="${ciphertext.toString('base64url')}">`,
    ],
  ])('is none %s', (_what, mail) => expect(of(mail)).toBeNull());
});

function withLetters(name: string): string {
  return carrierOf(original, ciphertext, { organisation: { name, locales: ['en'] } }).toString('latin1');
}
