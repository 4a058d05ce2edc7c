import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { mailShapes } from '../testing/mail-shapes.ts';
import { fileAt } from './file-place.ts';
import { readAttachments, readMail } from './read-mail.ts';
import type { ListedAttachment, ReadableMail } from './readable-mail.ts';
import { READING_LIMITS } from './reading-limits.ts';

const DATA = join(import.meta.dirname, '../../../../../shared/data');
const shared = existsSync(DATA) ? globSync('{eml,found}/**/*.eml', { cwd: DATA }).filter((_, at) => at % 4 === 0) : [];
const silent = { parsed: () => {}, sanitising: () => {} };

function filesOf({ attachments, nested }: ReadableMail): ListedAttachment[] {
  return [...attachments, ...nested, ...nested.flatMap(({ mail }) => filesOf(mail))];
}

/** A mail in memory of its own, as the reading thread has it. */
function own(bytes: Uint8Array): Buffer {
  const mail = Buffer.allocUnsafeSlow(bytes.length);
  mail.set(bytes);
  return mail;
}

/** Each file that has a place, cut out by it and by reading. @returns how many have one, of how many */
async function compare(bytes: Uint8Array): Promise<[number, number]> {
  const mail = own(bytes);
  const files = filesOf(readMail(mail, READING_LIMITS, silent));
  let placed = 0;
  for (const { index, place } of files) {
    if (place === null) continue;
    placed++;
    const [read] = readAttachments(mail, [index], READING_LIMITS);
    const cut = await fileAt(own(mail.subarray(place.headAt, place.to)), place);
    expect(cut?.filename).toBe(read?.filename);
    expect(cut?.content.equals(read?.content ?? Buffer.alloc(0))).toBe(true);
  }
  return [placed, files.length];
}

describe('the place of a file', () => {
  it('gives the very file that reading the mail gives, whatever the mail is like', async () => {
    let [placed, all] = [0, 0];
    for (const mail of [
      ...mailShapes().map(({ bytes }) => bytes),
      ...shared.map((file) => readFileSync(join(DATA, file))),
    ]) {
      const [some, ofAll] = await compare(mail);
      placed += some;
      all += ofAll;
    }
    expect(all).toBeGreaterThan(20);
    expect(placed / all).toBeGreaterThan(0.6);
  }, 120_000);

  it.each([
    ['in lines that no encoder wrote', 'base64', 'QQ==\r\nQkJC\r\n!!\r\nQ0ND=\r\n'.repeat(20_000)],
    ['as quoted-printable with soft ends everywhere', 'quoted-printable', 'a=\r\n=3D=  \r\nb'.repeat(30_000)],
    ['in an encoding that nobody knows', 'x-own', 'words '.repeat(50_000)],
  ])('gives a file %s', async (_, encoding, body) => {
    const mail = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n--b\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n--b--\r\n`;
    expect(await compare(Buffer.from(mail))).toEqual([1, 1]);
  });

  it('is none where other bytes lie there than were read', async () => {
    const mail = own(
      Buffer.from(
        'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment; filename=a.bin\r\n\r\nwords\r\n--b--\r\n',
      ),
    );
    const [file] = filesOf(readMail(mail, READING_LIMITS, silent));
    const place = file?.place;
    if (!place) throw new Error('it has a place');
    expect(await fileAt(own(mail.subarray(place.headAt, place.to - 1)), place)).toBeNull();
  });
});
