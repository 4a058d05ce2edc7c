import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import CFB from 'cfb';
import { zipSync } from 'fflate';
import { carrierOf } from '../testing/carrier-of.ts';
import { base64Lines, quotedPrintable } from '../syntax/transfer-encoding.ts';
import { CarrierReader } from './carrier-reader.ts';
import { NotACarrier } from './not-a-carrier.ts';

const ciphertext = Buffer.concat([Buffer.from('age-encryption.org/v1\n'), randomBytes(20_000)]);
const carrier = carrierOf(Buffer.from('From: a@b.example\r\nSubject: x\r\n\r\n'), ciphertext).toString('latin1');
const page = carrier.slice(carrier.lastIndexOf('<!DOCTYPE'), carrier.lastIndexOf('</html>') + 7);
const value = ciphertext.toString('base64url');

function readAll(bytes: Buffer, pieceBytes: number): Buffer {
  const reader = new CarrierReader();
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) found.push(reader.push(bytes.subarray(at, at + pieceBytes)));
  return Buffer.concat([...found, reader.end()]);
}

function fileOf(bytes: Buffer): string | null {
  try {
    readAll(bytes, 4096);
    return 'read';
  } catch (error) {
    if (!(error instanceof NotACarrier)) throw error;
    return error.file;
  }
}

const zipped = (name: string, content: Buffer): Buffer =>
  Buffer.from(zipSync({ 'note.txt': randomBytes(9), [name]: content }));

/** As Outlook saves a mail with one attachment: [MS-OXMSG] names the streams. */
function msg(content: Buffer): Buffer {
  const file = CFB.utils.cfb_new();
  const add = (name: string, bytes: Buffer) => CFB.utils.cfb_add(file, name, bytes);
  add('__substg1.0_0037001F', Buffer.from('Sealed message', 'utf16le'));
  add('__substg1.0_10130102', Buffer.from(`<html><body>${'Open the attachment. '.repeat(400)}</body></html>`));
  add('__attach_version1.0_#00000000/__substg1.0_3707001F', Buffer.from('message.html', 'utf16le'));
  add('__attach_version1.0_#00000000/__substg1.0_37010102', content);
  return Buffer.from(CFB.write(file, { type: 'buffer' }) as Buffer);
}

/** What grows gets its next table where it has come to: between what it describes. */
function withTablesBetween(file: Buffer): Buffer {
  const table = Buffer.alloc(512);
  for (let at = 0; at < 128; at++) table.writeUInt32LE(at % 9 === 0 ? 0xfffffffe : 4000 + at, 4 * at);
  const sectors = Array.from({ length: Math.ceil(file.length / 512) }, (_, at) =>
    file.subarray(512 * at, 512 * at + 512),
  );
  return Buffer.concat(sectors.flatMap((sector, at) => (at % 16 === 15 ? [sector, table] : [sector])));
}

/** A binary property list around the page as it came, as Safari writes it. */
const webArchive = (content: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('bplist00\xd1\x01\x02_\x10\x0fWebMainResource\x4f\x12\0\0\x70\0', 'latin1'),
    content,
    Buffer.alloc(40),
  ]);

describe('a carrier is read, whatever a program made of it', () => {
  it.each<[string, Buffer]>([
    ['UTF-16 with a mark', Buffer.from(`\ufeff${page}`, 'utf16le')],
    ['UTF-16 of the other order', Buffer.from(`\ufeff${page}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from(page, 'utf16le')],
    [
      'upper-case tags',
      Buffer.from(page.replace(/<\/?[a-z]+|\b(?:name|value|type|content)=/g, (tag) => tag.toUpperCase())),
    ],
    ['attributes in another order', Buffer.from(`<html><input value="\n${value}" type=hidden name=m>`)],
    [
      'minified',
      Buffer.from(`<!doctype html><meta name=segl content="1 x"><input type=hidden name=m value=${value}><button>x`),
    ],
    ['single quotes', Buffer.from(`<html><input name='m' value='${value}'>`)],
    ['quoted-printable left undone', Buffer.from(quotedPrintable(page))],
    ['base64 left undone', Buffer.from(base64Lines(page))],
    ['the page in a zip', zipped('message.html', Buffer.from(page))],
    ['the mail in a zip', zipped('mail.eml', Buffer.from(carrier))],
    ['.msg of Outlook', msg(Buffer.from(page))],
    ['.msg with its tables between', withTablesBetween(msg(Buffer.from(page)))],
    ['.webarchive of Safari', webArchive(Buffer.from(page))],
    ['UTF-16 in a zip', zipped('message.HTM', Buffer.from(`\ufeff${page}`, 'utf16le'))],
  ])('%s', (_what, bytes) => {
    for (const pieceBytes of [bytes.length, 4096, 700, 7])
      expect(readAll(bytes, pieceBytes).equals(ciphertext)).toBe(true);
  });
});

describe('what is no carrier is distinguished', () => {
  const locked = zipped('message.html', Buffer.from(page));
  locked.writeUInt8(locked.readUInt8(6) | 1, 6);
  const ole = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2000)]);
  it.each<[string, Buffer, string]>([
    ['empty', Buffer.from(' \r\n'), 'empty'],
    ['pdf', Buffer.from('%PDF-1.7\n'), 'pdf'],
    ['picture', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 'picture'],
    ['photo of a phone', Buffer.from('\0\0\0\x18ftypheic', 'latin1'), 'picture'],
    ['letter of Word', Buffer.from(zipSync({ '[Content_Types].xml': Buffer.from('<x/>') })), 'office'],
    ['.doc', ole, 'outlook'],
    ['.msg of something else', msg(Buffer.from('%PDF')), 'outlook'],
    ['.webarchive of something else', webArchive(Buffer.from('<html><p>x')), 'web-archive'],
    ['zip with a password', locked, 'locked-zip'],
    ['zip of something else', zipped('a.txt', Buffer.from('x')), 'zip'],
    ['rar', Buffer.from('Rar!\x1a\x07'), 'archive'],
    [
      'MHTML of a phone',
      Buffer.from('From: <Saved by Blink>\r\nSnapshot-Content-Location: file:///x\r\n\r\n<p>x'),
      'saved-page',
    ],
    ['another page', Buffer.from('<html><p>x'), 'page'],
    ['another mail', Buffer.from('Subject: x\r\n\r\nhi'), 'mail'],
    ['something else', Buffer.from('\x01\x02\x03 words'), 'other'],
  ])('%s', (_what, bytes, file) => expect(fileOf(bytes)).toBe(file));

  it('nothing is said of a carrier that is broken', () => {
    expect(fileOf(Buffer.from(page.slice(0, 12_000)))).toBeNull();
    expect(fileOf(Buffer.from(carrier.slice(0, 15_000)))).toBeNull();
    expect(fileOf(msg(Buffer.from(page.slice(0, 12_000))))).toBeNull();
    expect(fileOf(Buffer.from(page.replace(/([A-Za-z0-9_-]{900})/, '$1*')))).toBeNull();
  });

  it('a zip that grows without measure is left at once', () => {
    const bomb = zipped('message.html', Buffer.alloc(200 * 1024 * 1024, '<p>'));
    const before = process.cpuUsage();
    expect(fileOf(bomb)).toBe('zip');
    const { user } = process.cpuUsage(before);
    expect(user).toBeLessThan(500_000);
  });
});
