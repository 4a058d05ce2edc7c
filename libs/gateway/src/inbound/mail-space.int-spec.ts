import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { MailSpace } from './mail-space.ts';
import type { IncomingMail } from './mail-space.ts';

const place = mkdtempSync(join(tmpdir(), 'segl-mail-space-'));
afterAll(() => rmSync(place, { recursive: true }));

async function read(mail: IncomingMail): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of mail.content()) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}
const lines = (bytes: number) => 'MARKER of a letter\r\n'.repeat(Math.ceil(bytes / 20));
const filesOpenedBy = (directory: string) =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = `/proc/self/fd/${fd}`;
      return readlinkSync(path).startsWith(directory) ? [readFileSync(path)] : [];
    } catch {
      return [];
    }
  });

describe('a mail under way', () => {
  it.each([0, 1, 256 * 1024, 256 * 1024 + 20, 1_000_000])(
    'of %d bytes is read again and again as it came',
    async (bytes) => {
      const mail = new MailSpace(place, 2_000_000).begin();
      const text = lines(bytes);
      for (let at = 0; at < text.length; at += 4321) await mail.write(Buffer.from(text.slice(at, at + 4321)));
      expect(mail.bytes).toBe(text.length);
      expect(await read(mail)).toBe(text);
      expect(await read(mail)).toBe(text);
      await mail.release();
      await mail.release();
    },
  );

  it('has no name on the disk, and none of it lies there in clear', async () => {
    const mail = new MailSpace(place, 2_000_000).begin();
    await mail.write(Buffer.from(lines(1_000_000)));
    expect(readdirSync(place)).toEqual([]);
    const files = filesOpenedBy(place);
    expect(files.map((content) => content.length)).toEqual([15 * (64 * 1024 + 16)]);
    expect(files[0]?.includes('MARKER')).toBe(false);
    await mail.release();
    expect(filesOpenedBy(place)).toEqual([]);
  });
});

it('keeps half of the room for clients, however much strangers send', async () => {
  const space = new MailSpace(place, 100_000);
  const [stranger, other, client] = [space.begin('stranger'), space.begin('stranger'), space.begin()];
  await stranger.write(Buffer.alloc(30_000));
  await other.write(Buffer.alloc(20_000));
  await expect(other.write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'no-mail-space' });
  expect([space.hasRoomFor(1, 'stranger'), space.hasRoomFor(50_000)]).toEqual([false, true]);
  await client.write(Buffer.alloc(50_000));
  await stranger.release();
  expect([space.hasRoomFor(30_000, 'stranger'), space.hasRoomFor(30_001, 'stranger')]).toEqual([true, false]);
  await other.release();
  expect(space.hasRoomFor(50_001, 'stranger')).toBe(false);
  await client.release();
});

it('takes as much as it may, and has the room again after each release', async () => {
  const space = new MailSpace(place, 100_000);
  const first = space.begin();
  const second = space.begin();
  await first.write(Buffer.alloc(60_000));
  await second.write(Buffer.alloc(40_000));
  await expect(second.write(Buffer.alloc(1))).rejects.toMatchObject({ code: 'no-mail-space' });
  expect(space.hasRoomFor(1)).toBe(false);
  await first.release();
  expect([space.hasRoomFor(60_000), space.hasRoomFor(60_001)]).toEqual([true, false]);
  await second.release();
});
