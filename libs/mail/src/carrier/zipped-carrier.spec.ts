import { randomBytes } from 'node:crypto';
import { zipSync } from 'fflate';
import { describe, expect, it } from '@jest/globals';
import { ZippedCarrier } from './zipped-carrier.ts';

function counting() {
  const seen = { bytes: 0 };
  const push = (bytes: Uint8Array): Buffer => {
    seen.bytes += bytes.length;
    return Buffer.from(bytes);
  };
  return { seen, carrier: new ZippedCarrier(() => ({ push, end: () => Buffer.alloc(0) })) };
}

describe('a zip that is handed in', () => {
  it('gives the page within it, in pieces of any size', () => {
    const page = Buffer.from(`<html>${'p { margin: 0 } '.repeat(2000)}${randomBytes(300_000).toString('base64url')}`);
    const zip = Buffer.from(zipSync({ 'notes.txt': Buffer.from('x'), 'message.html': [page, { level: 9 }] }));
    for (const pieceBytes of [700, 64 * 1024, zip.length]) {
      const { carrier } = counting();
      const found: Buffer[] = [];
      for (let at = 0; at < zip.length; at += pieceBytes) found.push(carrier.push(zip.subarray(at, at + pieceBytes)));
      found.push(carrier.end());
      expect(Buffer.concat(found).equals(page)).toBe(true);
    }
  });

  it('is ended within a megabyte where a little makes much, however much came before it', () => {
    const bomb = zipSync({
      'large.bin': [randomBytes(4_000_000), { level: 0 }],
      'message.html': [Buffer.alloc(30_000_000, '<p>'), { level: 9 }],
    });
    const { carrier, seen } = counting();
    expect(() => carrier.push(Buffer.from(bomb))).toThrow(expect.objectContaining({ code: 'not-a-carrier' }));
    expect(seen.bytes).toBeLessThan(1_000_000);
  });
});
