import { describe, expect, it } from '@jest/globals';
import { carrierOf } from '#libs/mail/testing';
import { ciphertextHandedIn } from './handed-in.ts';

const ciphertext = Buffer.alloc(300_000, 'age-encryption.org/v1\n-> stanza\n');
const carrier = carrierOf(Buffer.from('From: a@b.example\r\n\r\n'), ciphertext);

function own(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length); // as HTTP brings a piece: in memory of its own
  bytes.copy(copy);
  return copy;
}

const bodies = {
  urlencoded: {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(`m=${ciphertext.toString('base64url')}`),
  },
  multipart: {
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
    body: Buffer.concat([
      Buffer.from('--x\r\nContent-Disposition: form-data; name="carrier"; filename="message.eml"\r\n\r\n'),
      carrier,
      Buffer.from('\r\n--x--\r\n'),
    ]),
  },
};

describe.each(Object.entries(bodies))('memory of an uploaded body, %s', (_kind, { headers, body }) => {
  it.each([10_000, 65_536, 100_000])(
    'goes as it is read, in pieces of %i bytes, and nothing of it is lost',
    async (size) => {
      const given: Buffer[] = [];
      let heldAtMost = 0;
      async function* arriving(): AsyncGenerator<Buffer> {
        for (let start = 0; start < body.length; start += size) {
          heldAtMost = Math.max(heldAtMost, given.filter((piece) => piece.byteLength > 0).length);
          given.push(own(body.subarray(start, start + size)));
          yield given.at(-1) as Buffer;
        }
      }
      const found: Buffer[] = [];
      const results: Uint8Array[] = [];
      for await (const piece of ciphertextHandedIn(headers, arriving())) {
        found.push(Buffer.from(piece));
        results.push(piece);
      }
      expect(Buffer.concat(found).equals(ciphertext)).toBe(true);
      expect(given.length).toBeGreaterThan(3);
      expect(heldAtMost).toBeLessThanOrEqual(1);
      // small ones lie in memory that Node shares out, and stay
      expect(results.slice(0, -1).filter((piece) => piece.byteLength > 32_768)).toEqual([]);
    },
  );
});
