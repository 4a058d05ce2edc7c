import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { carrierOf } from '../testing/carrier-of.ts';
import { base64Lines, quotedPrintable } from '../syntax/transfer-encoding.ts';
import { CarrierReader } from './carrier-reader.ts';
import { NotACarrier } from './not-a-carrier.ts';
import { UrlencodedFieldReader } from './urlencoded-field-reader.ts';

interface Reader {
  push(piece: Uint8Array): Buffer;
  end(): Buffer;
}

function readAll(bytes: Buffer, pieceBytes: number, reader: Reader = new CarrierReader()): Buffer {
  const found: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += pieceBytes)
    found.push(reader.push(bytes.subarray(start, start + pieceBytes)));
  found.push(reader.end());
  return Buffer.concat(found);
}

function reasonOf(bytes: Buffer | string, reader: Reader = new CarrierReader()): string {
  try {
    readAll(Buffer.from(bytes), 4096, reader);
  } catch (error) {
    if (error instanceof NotACarrier) return error.reason;
    throw error;
  }
  return 'read';
}

/** Begins as an age file does, so that its bare text is known too. */
const ciphertext = Buffer.concat([Buffer.from('age-encryption.org/v1\n'), randomBytes(200_000)]);
const original = Buffer.from('From: a@example.com\r\nTo: b@example.com\r\n\r\nx');
const carrier = carrierOf(original, ciphertext).toString('latin1');
const page = carrier.slice(
  carrier.indexOf('<!DOCTYPE html>\r\n<html lang="en">\r\n<head>'),
  carrier.lastIndexOf('\r\n--=_segl_') + 2,
);

/** The carrier with its last part encoded anew, as a gateway might. */
function reencoded(encoding: string, encode: (text: string) => string): string {
  const boundary = /boundary="(=_segl_[^"]+)"/.exec(carrier)?.[1] ?? '';
  return carrier
    .replace('Content-Transfer-Encoding: 7bit', `Content-Transfer-Encoding: ${encoding}`)
    .replace(page, () => `${encode(page)}\r\n`)
    .replace(boundary, boundary);
}

function forwarded(times: number, mail: string): string {
  if (times === 0) return mail;
  const inner = forwarded(times - 1, mail);
  return `Subject: FW\r\nContent-Type: multipart/mixed; boundary="b${times}"\r\n\r\n--b${times}\r\n\r\nsee\r\n--b${times}\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--b${times}--\r\n`;
}

const shapes: [string, string][] = [
  ['message.html', page],
  ['message.html with LF', page.replaceAll('\r\n', '\n')],
  ['message.html in one line', page.replaceAll('\r\n', '')],
  ['message.html with a byte order mark', `\u00ef\u00bb\u00bf${page}`],
  ['message.html wrapped at 76 by a program', page.replace(/[A-Za-z0-9_-]{76}/g, '$&\n ')],
  [
    'message.html as a browser saves it',
    `<!DOCTYPE html>\n<!-- saved from url=(0014)about:internet -->\n${page.slice(17).replaceAll('\r\n', '\n').replace('value="\n', 'value="&#10;')}`,
  ],
  ['message.html with line ends as references', page.replace(/\r\n(?=[A-Za-z0-9_-]{100})/g, '&#13;&#10;')],
  [
    'message.html with padding',
    page
      .replace(/\r\n">/, '\r\n==">')
      .replace(/=+">/, (found) =>
        ciphertext.length % 3 === 0 ? '">' : found.slice(ciphertext.length % 3 === 2 ? 1 : 0),
      ),
  ],
  ['the carrier', carrier],
  ['the carrier with LF', carrier.replaceAll('\r\n', '\n')],
  ['the carrier with CR', carrier.replaceAll('\r\n', '\r')],
  ['the carrier behind a byte order mark and empty lines', `\u00ef\u00bb\u00bf\r\n\r\n${carrier}`],
  [
    'the carrier with white space behind its boundaries',
    carrier.replace(/boundary="=_segl[^"]*/, '$&  ').replace(/\r\n--=_segl_\w+(?:--)?/g, '$& '),
  ],
  ['the carrier without an empty line in its parts', carrier.replace(/(7bit\r\n)\r\n/, '$1')],
  ['the carrier without an empty line at all', carrier.replace(/(boundary=[^\r]*\r\n)\r\n/g, '$1')],
  [
    'the carrier whose part has no header',
    carrier.replace(/Content-Type: text\/html; charset=utf-8; name[^]*?7bit\r\n\r\n/, ''),
  ],
  [
    'the carrier that goes on behind its end',
    carrier.replace(
      /(\r\n--(=_segl_\w+))\r\n(?=Content-Type: text\/html; charset=utf-8; name)/,
      '$1--\r\nfooter$1\r\n',
    ),
  ],
  ['the carrier forwarded in twenty mails', forwarded(20, carrier)],
  ['the carrier in an mbox', `From office@example.org Sun Nov 22 12:00:00 2026\n${carrier.replaceAll('\r\n', '\n')}`],
  [
    'the carrier as quoted-printable',
    reencoded('quoted-printable', (text) => quotedPrintable(text.replaceAll('\r\n', '\n'))),
  ],
  ['the carrier as base64', reencoded('base64', (text) => base64Lines(text.replaceAll('\r\n', '\n')))],
  ['the carrier as Base64 in one long line', reencoded('Base64', (text) => Buffer.from(text).toString('base64'))],
  ['the carrier without the end of its last part', carrier.replace(/\r\n--=_segl_\w+--\r\n$/, '')],
  [
    'the carrier behind a disclaimer and another page',
    `Content-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\nContent-Type: text/html\r\n\r\n<html>${'x'.repeat(300_000)}</html>\r\n--outer\r\n${carrier}\r\n--outer--\r\n`,
  ],
  [
    'the carrier forwarded as an attachment',
    `Subject: FW\r\nContent-Type: multipart/mixed; boundary="o"\r\n\r\n--o\r\nContent-Type: text/plain\r\n\r\nsee\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n${carrier}\r\n--o--\r\n`,
  ],
  [
    'the carrier forwarded in base64',
    `Subject: FW\r\nContent-Type: multipart/mixed; boundary="o"\r\n\r\n--o\r\nContent-Type: application/octet-stream; name="x.eml"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(carrier.replaceAll('\r\n', '\n'))}\r\n--o--\r\n`,
  ],
  ['the bare text of the field', ciphertext.toString('base64url')],
  ['the bare text with line ends', (ciphertext.toString('base64url').match(/.{1,988}/g) ?? []).join('\r\n')],
];

describe('the carrier reader', () => {
  it.each(shapes)('gets the ciphertext back from %s', (_what, text) => {
    const bytes = Buffer.from(text, 'latin1');
    for (const pieceBytes of [bytes.length, 65536, 1000, 997])
      expect(readAll(bytes, pieceBytes).equals(ciphertext)).toBe(true);
  });

  it('does not mind where the pieces are cut', () => {
    const little = Buffer.concat([Buffer.from('age-encryption.org/v1\n'), randomBytes(1500)]);
    const small = carrierOf(original, little);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), (pieceBytes) => {
        expect(readAll(small, pieceBytes).equals(little)).toBe(true);
      }),
    );
    expect(readAll(small, 1).equals(little)).toBe(true);
  });

  it('gives what it has as it comes', () => {
    const reader = new CarrierReader();
    const first = reader.push(Buffer.from(page.slice(0, 20_000)));
    expect(first.length).toBeGreaterThan(5000);
    expect(ciphertext.subarray(0, first.length).equals(first)).toBe(true);
  });

  it.each<[string, string | Buffer, string]>([
    ['nothing', '', 'no-carrier'],
    ['white space', ' \r\n\t', 'no-carrier'],
    ['a PDF', '%PDF-1.7\n%binary', 'no-carrier'],
    ['binary', randomBytes(5000).fill(0, 0, 1), 'no-carrier'],
    ['another page', '<html><form><input name="m" value="AAAA"></form></html>', 'no-carrier'],
    ['a long other page', `<html>${'<p>'.repeat(200_000)}`, 'no-carrier'],
    ['another mail', 'Subject: x\r\nContent-Type: text/html\r\n\r\n<p>x', 'no-carrier'],
    ['a header without end', `Subject: x\r\n${'X-A: b\r\n'.repeat(60_000)}`, 'no-carrier'],
    ['one endless line', `Subject: ${'x'.repeat(300_000)}`, 'no-carrier'],
    [
      'a thousand parts',
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\n'.repeat(1500)}`,
      'no-carrier',
    ],
    ['mails in mails in mails', 'Content-Type: message/rfc822\r\n\r\n'.repeat(2000), 'no-carrier'],
    ['a page cut short', page.slice(0, 100_000), 'cut-short'],
    ['a carrier cut short', carrier.slice(0, 100_000), 'cut-short'],
    ['a page cut before its field', page.slice(0, 500), 'no-carrier'],
    ['a foreign character', page.replace(/([A-Za-z0-9_-]{500})/, '$1*'), 'damaged'],
    ['markup within the field', page.replace(/([A-Za-z0-9_-]{500})/, '$1<b>'), 'damaged'],
    ['an entity within the field', page.replace(/([A-Za-z0-9_-]{500})/, '$1&amp;'), 'damaged'],
    ['padding in the middle', page.replace(/([A-Za-z0-9_-]{500})/, '$1=='), 'damaged'],
    ['one character too many', 'YWdlLWVuY3J5cHRpb24ub3Jn'.padEnd(25, 'A'), 'damaged'],
  ])('refuses %s', (_what, bytes, reason) => expect(reasonOf(bytes)).toBe(reason));

  it('takes in no more ciphertext than it may', () => {
    const reader = () => new CarrierReader({ maxCiphertextBytes: 1000 });
    for (const text of [page, carrier, ciphertext.toString('base64url')])
      expect(reasonOf(text, reader())).toBe('too-large');
    expect(reasonOf(carrierOf(original, ciphertext.subarray(0, 1000)), reader())).toBe('read');
  });

  it('survives anything', () => {
    const pieces = fc.constantFrom(
      page.slice(0, 2000),
      page.slice(-2000),
      carrier.slice(0, 3000),
      '--=_segl_',
      '\r\n',
      '"',
      '=',
      '&#1',
      '<input name="m" value="',
      '\0',
      '--',
      'Content-Type: message/rfc822\r\n\r\n',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' })), { maxLength: 12 }),
        fc.integer({ min: 1, max: 999 }),
        (parts, pieceBytes) => {
          try {
            readAll(Buffer.from(parts.join(''), 'latin1'), pieceBytes);
          } catch (error) {
            expect(error).toBeInstanceOf(NotACarrier);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('costs little however small the pieces of a hostile file are', () => {
    const begun = process.cpuUsage(); // the clock counts what else the machine does
    for (const hostile of [
      `<meta name="segl" ${'<input '.repeat(40_000)}`,
      `Subject: x\r\n\r\n${'x'.repeat(300_000)}`,
      `A: ${'b'.repeat(300_000)}`,
    ]) {
      try {
        readAll(Buffer.from(hostile), 1);
      } catch (error) {
        expect(error).toBeInstanceOf(NotACarrier);
      }
    }
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(5000);
  });
});

describe('the reader of the urlencoded field', () => {
  const field = (ciphertext.toString('base64url').match(/.{1,988}/g) ?? []).join('\r\n');
  const posted = Buffer.from(`m=${encodeURIComponent(`\r\n${field}\r\n`)}`);

  it('gets the ciphertext back from what a browser posts', () => {
    for (const pieceBytes of [posted.length, 65536, 1000, 997, 13]) {
      expect(readAll(posted, pieceBytes, new UrlencodedFieldReader()).equals(ciphertext)).toBe(true);
    }
    expect(
      readAll(Buffer.from(`m=${ciphertext.toString('base64url')}`), 1, new UrlencodedFieldReader()).equals(ciphertext),
    ).toBe(true);
  });

  it('takes standard base64, spaces and odd escapes too', () => {
    const body = `m=${encodeURIComponent(ciphertext.toString('base64'))}`.replace('%2F', '+%2f+').replace('Y', '%59');
    expect(readAll(Buffer.from(body), 777, new UrlencodedFieldReader()).equals(ciphertext)).toBe(true);
  });

  it('takes a field of which every character is escaped, in either case, wherever it is cut', () => {
    const escaped = [...ciphertext.toString('base64url')].map((one, at) => {
      const hex = one.charCodeAt(0).toString(16);
      return `%${at % 2 === 0 ? hex : hex.toUpperCase()}`;
    });
    for (const pieceBytes of [65536, 998, 2, 1])
      expect(
        readAll(Buffer.from(`m=${escaped.join('')}`), pieceBytes, new UrlencodedFieldReader()).equals(ciphertext),
      ).toBe(true);
  });

  it.each([
    ['', 'no-carrier'],
    ['m', 'no-carrier'],
    ['m=', 'read'],
    ['n=abc', 'other-field'],
    ['mm=abc', 'other-field'],
    ['m=YWdl&x=1', 'second-field'],
    ['m=YWdl&', 'second-field'],
    ['m=YWdl%2', 'damaged'],
    ['m=YWdl%zz', 'damaged'],
    ['m=YW%00l', 'damaged'],
    ['m=YW%6', 'damaged'],
    ['m=YW%6gl', 'damaged'],
    ['m=YW%@5l', 'damaged'],
    ['m=YW%6Dl', 'read'],
    ['m=YWdlY', 'damaged'],
  ])('answers %j with %s', (body, reason) => expect(reasonOf(body, new UrlencodedFieldReader())).toBe(reason));

  it('takes in no more ciphertext than it may', () => {
    expect(reasonOf(posted, new UrlencodedFieldReader({ maxCiphertextBytes: 1000 }))).toBe('too-large');
  });
});
