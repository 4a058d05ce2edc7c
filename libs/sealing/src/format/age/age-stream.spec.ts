import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { HybridIdentity } from './hybrid.ts';
import { openAgeStream, sealAgeFile } from './age-stream.ts';
import { encodeBech32 } from '#libs/vocabulary';

function newKey(): { identity: string; recipient: string } {
  const seed = randomBytes(32);
  const recipient = new HybridIdentity(seed).recipient();
  return { identity: encodeBech32('age-secret-key-pq-', seed).toUpperCase(), recipient };
}

async function* pieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function whole(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

const [operator, escrow, stranger] = [newKey(), newKey(), newKey()];

describe('an age file as a stream', () => {
  it.each([
    [0, 1],
    [1, 1],
    [65_536, 65_536],
    [65_537, 1000],
    [300_000, 300_000],
  ])('of %d bytes in pieces of %d opens with the identity of each recipient', async (bytes, pieceBytes) => {
    const content = randomBytes(bytes);
    const file = await whole(sealAgeFile(pieces(content, pieceBytes), [operator.recipient, escrow.recipient]));
    for (const { identity } of [operator, escrow]) {
      const opened = await whole(openAgeStream(pieces(file, 777), [stranger.identity, identity]));
      expect(opened.equals(content)).toBe(true);
    }
  });

  it('opens for nobody else', async () => {
    const file = await whole(sealAgeFile(pieces(Buffer.from('x'), 1), [operator.recipient]));
    await expect(whole(openAgeStream(pieces(file, 99), [stranger.identity]))).rejects.toMatchObject({
      kind: 'no-match',
    });
  });

  it.each([0, 30, 2000, -1, -20])('that ends at byte %d is never read to an end', async (at) => {
    const file = await whole(sealAgeFile(pieces(randomBytes(200_000), 5000), [operator.recipient]));
    const cut = file.subarray(0, at < 0 ? file.length + at : at);
    await expect(whole(openAgeStream(pieces(cut, 4096), [operator.identity]))).rejects.toMatchObject({
      kind: expect.stringMatching(/^(header|payload)$/),
    });
  });

  it('that was altered anywhere is never read to an end', async () => {
    const file = await whole(sealAgeFile(pieces(randomBytes(150_000), 5000), [operator.recipient]));
    for (let at = 30; at < file.length; at += 7919) {
      const altered = Buffer.from(file);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      await expect(whole(openAgeStream(pieces(altered, 4096), [operator.identity]))).rejects.toThrow();
    }
  });

  it('is for at least one recipient, hybrid each', () => {
    expect(() => sealAgeFile(pieces(Buffer.from('x'), 1), [])).toThrow(TypeError);
    const classical = 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj';
    expect(() => sealAgeFile(pieces(Buffer.from('x'), 1), [classical])).toThrow(/hybrid/);
  });
});
