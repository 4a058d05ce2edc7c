import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { sealSample, testKeys } from '../testing/sealed-sample.ts';
import type { SealedSample } from '../testing/sealed-sample.ts';
import { CHUNK_BYTES, PAYLOAD_NONCE_BYTES, SEALED_CHUNK_BYTES } from './age/payload.ts';
import type { OpenSealedMailOptions } from './open-sealed-mail.ts';
import { SEALED_HEADER_BYTES } from './sealed-header.ts';
import { SealedParts } from './sealed-parts.ts';

const keys = testKeys();
const PAYLOAD_AT = SEALED_HEADER_BYTES + PAYLOAD_NONCE_BYTES;

function mailOf(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + (i >>> 9)) & 0xff));
}

/** @param asked is given every range that is read */
function open(sample: SealedSample, change: Partial<OpenSealedMailOptions> = {}, asked?: [number, number][]) {
  const { ciphertext, recorded, recipient, sender } = sample;
  const options = { identity: keys.identity, verifierFor: keys.verifierFor, recorded, recipient, sender };
  const read = async (start: number, end: number) => {
    asked?.push([start, end]);
    return pieces(ciphertext.subarray(start, end));
  };
  return SealedParts.open(read, { ...options, ...change });
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

const altered = (sample: SealedSample, at: number): SealedSample => {
  const ciphertext = Buffer.from(sample.ciphertext);
  ciphertext[at] = (ciphertext[at] ?? 0) ^ 1;
  return { ...sample, ciphertext };
};
const broken = (reason: string) => ({ code: 'seal-broken', reason });

describe('some bytes of a sealed mail', () => {
  const mail = mailOf(5 * CHUNK_BYTES + 1234);
  const sample = sealSample(mail, keys);

  it('are those of the mail, wherever they begin and end', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(mail.length), fc.nat(mail.length), async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const parts = await open(sample);
        expect((await parts?.bytes(from, to))?.equals(mail.subarray(from, to))).toBe(true);
      }),
      { numRuns: 60 },
    ));

  it.each([0, 1, CHUNK_BYTES - 2000, CHUNK_BYTES, 2 * CHUNK_BYTES])('are all of a mail of %d bytes', async (bytes) => {
    const whole = mailOf(bytes);
    const parts = await open(sealSample(whole, keys));
    expect((await parts?.bytes(0, bytes))?.equals(whole)).toBe(true);
  });

  it('cost the chunks that they lie in, and the first', async () => {
    const asked: [number, number][] = [];
    const parts = await open(sample, {}, asked);
    await parts?.bytes(3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 10);
    expect(asked).toEqual([
      [0, PAYLOAD_AT + SEALED_CHUNK_BYTES],
      [PAYLOAD_AT + 3 * SEALED_CHUNK_BYTES, PAYLOAD_AT + 4 * SEALED_CHUNK_BYTES],
    ]);
  });

  it.each([
    ['altered', (s: SealedSample) => altered(s, PAYLOAD_AT + 3 * SEALED_CHUNK_BYTES + 7)],
    ['altered in its tag', (s: SealedSample) => altered(s, PAYLOAD_AT + 4 * SEALED_CHUNK_BYTES - 1)],
    [
      'at another place',
      (s: SealedSample) => {
        const chunk = (index: number) =>
          s.ciphertext.subarray(PAYLOAD_AT + index * SEALED_CHUNK_BYTES, PAYLOAD_AT + (index + 1) * SEALED_CHUNK_BYTES);
        const begin = s.ciphertext.subarray(0, PAYLOAD_AT + 2 * SEALED_CHUNK_BYTES);
        const end = s.ciphertext.subarray(PAYLOAD_AT + 4 * SEALED_CHUNK_BYTES);
        return { ...s, ciphertext: Buffer.concat([begin, chunk(3), chunk(2), end]) };
      },
    ],
    [
      'of another seal of the same mail',
      (s: SealedSample) => {
        const other = sealSample(mail, keys).ciphertext.subarray(PAYLOAD_AT + 2 * SEALED_CHUNK_BYTES);
        const begin = s.ciphertext.subarray(0, PAYLOAD_AT + 2 * SEALED_CHUNK_BYTES);
        return { ...s, ciphertext: Buffer.concat([begin, other]) };
      },
    ],
    [
      'cut short',
      (s: SealedSample) => ({ ...s, ciphertext: s.ciphertext.subarray(0, PAYLOAD_AT + 3 * SEALED_CHUNK_BYTES + 9) }),
    ],
    ['gone', (s: SealedSample) => ({ ...s, ciphertext: s.ciphertext.subarray(0, PAYLOAD_AT + SEALED_CHUNK_BYTES) })],
  ])('are not given where a chunk of them is %s', async (_, change) => {
    const parts = await open(change(sample));
    await expect(parts?.bytes(3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 10)).rejects.toMatchObject(broken('payload-altered'));
  });

  it('are not given where the last chunk is not the last: the file goes on, or ends at a chunk', async () => {
    const { recorded } = sample;
    const shorter = { ...recorded, ciphertextBytes: PAYLOAD_AT + 3 * SEALED_CHUNK_BYTES };
    const manifestBytes = recorded.ciphertextBytes - PAYLOAD_AT - 6 * 16 - recorded.mailBytes;
    const asShort = { ...shorter, mailBytes: 3 * CHUNK_BYTES - manifestBytes };
    const parts = await open({ ...sample, recorded: asShort });
    await expect(parts?.bytes(0, asShort.mailBytes)).rejects.toMatchObject(broken('payload-altered'));
    await expect(open({ ...sample, recorded: shorter })).rejects.toMatchObject(broken('mail-not-as-recorded'));
  });

  it.each<[string, string, (s: SealedSample) => Promise<unknown>]>([
    [
      'the header of another message',
      'other-message',
      (s) => open({ ...s, ciphertext: sealSample(mail, keys).ciphertext }),
    ],
    ['an altered first chunk', 'payload-altered', (s) => open(altered(s, PAYLOAD_AT + 3))],
    ['an altered nonce', 'payload-altered', (s) => open(altered(s, SEALED_HEADER_BYTES))],
    ['a key that is not the gateway’s any more', 'manifest-unsigned', (s) => open(s, { verifierFor: () => null })],
    [
      'another recipient',
      'manifest-not-as-recorded',
      (s) => open(s, { recipient: parseMailAddress('eve@example.com') }),
    ],
    ['nothing', 'not-sealed-mail', (s) => open({ ...s, ciphertext: Buffer.alloc(0) })],
  ])('are not given for %s', (_, reason, opening) => expect(opening(sample)).rejects.toMatchObject(broken(reason)));

  it('are none where the ciphertext is gone, and none that the mail does not have', async () => {
    const { recorded, recipient } = sample;
    const options = { identity: keys.identity, verifierFor: keys.verifierFor, recorded, recipient };
    expect(await SealedParts.open(async () => null, options)).toBeNull();
    const parts = await open(sample);
    for (const [from, to] of [
      [-1, 3],
      [3, 2],
      [0, mail.length + 1],
      [NaN, 1],
    ] as const) {
      await expect(parts?.bytes(from, to)).rejects.toThrow(RangeError);
    }
  });
});
