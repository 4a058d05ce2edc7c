import { EventEmitter } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { ciphertextHandedIn } from './handed-in.ts';

const ciphertext = Buffer.from('age-encryption.org/v1\n-> a seal that is only known by its beginning\n');
const page = Buffer.from(ciphertext.toString('base64url'));
const headers = { 'content-type': 'multipart/form-data; boundary=x' };
const fileHead = '--x\r\nContent-Disposition: form-data; name="carrier"; filename="message.html"\r\n\r\n';

function form(content: string, end = '\r\n--x--\r\n'): Buffer {
  return Buffer.from(`${fileHead}${content}${end}`);
}

async function* inPieces(body: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < body.length; start += bytes) yield body.subarray(start, start + bytes);
}

async function handedIn(body: Buffer, bytesAtOnce = 1000): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of ciphertextHandedIn(headers, inPieces(body, bytesAtOnce))) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** For errors that nobody listens to: they come a moment later, and end the process (here: the test). */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resume) => setImmediate(resume));
}

describe('a file uploaded as multipart', () => {
  it.each([1, 7, 1000])('comes out as it went in, %i bytes at a time', async (bytes) => {
    expect(await handedIn(form(page.toString()), bytes)).toEqual(ciphertext);
  });

  it('costs no more listeners in many pieces than in one', async () => {
    const listening = [jest.spyOn(EventEmitter.prototype, 'on'), jest.spyOn(EventEmitter.prototype, 'once')];
    try {
      const countFor = async (bytesAtOnce: number) => {
        for (const spy of listening) spy.mockClear();
        await handedIn(form(page.toString()), bytesAtOnce);
        return listening.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
      };
      const inOnePiece = await countFor(1000);
      expect(inOnePiece).toBeGreaterThan(0);
      expect(await countFor(1)).toBe(inOnePiece);
    } finally {
      for (const spy of listening) spy.mockRestore();
    }
  });

  it.each([
    ['within its file', form(page.toString(), '')],
    ['within the header of its file', Buffer.from(fileHead.slice(0, 60))],
    ['before its file', Buffer.from('--x\r\n')],
    ['behind its file, without its last line', form(page.toString(), '\r\n--x\r\n')],
  ])('is refused when the form ends %s, and the process goes on', async (_where, body) => {
    await expect(handedIn(body)).rejects.toMatchObject({ code: 'body-malformed' });
    await settled();
  });

  it('is let go of within its file without a fault nobody catches', async () => {
    const endless = ciphertextHandedIn(headers, inPieces(form(page.toString() + 'A'.repeat(100_000)), 1000));
    const reading = endless[Symbol.asyncIterator]();
    await reading.next();
    await reading.return?.();
    await settled();
  });

  it.each([
    ['two files', Buffer.from(`${fileHead}${page.toString()}\r\n${fileHead}${page.toString()}\r\n--x--\r\n`)],
    ['a field', Buffer.from('--x\r\nContent-Disposition: form-data; name="m"\r\n\r\nx\r\n--x--\r\n')],
  ])('is refused with %s', async (_what, body) => {
    await expect(handedIn(body)).rejects.toMatchObject({ code: 'body-malformed' });
  });
});
