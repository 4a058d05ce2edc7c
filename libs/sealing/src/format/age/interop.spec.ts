import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { beginAgeFile, openAgeFile } from './age-file.ts';
import { HybridIdentity, HybridRecipient } from './hybrid.ts';
import { CHUNK_BYTES, sealedPayloadBytes } from './payload.ts';

const SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 1, 1_000_000];

function plaintextOf(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => (i * 7 + (i >>> 8)) & 0xff));
}

/** @param pieceBytes how the plaintext is cut on its way in */
function seal(plaintext: Uint8Array, recipient: string, pieceBytes = Infinity): Buffer {
  const parts: Buffer[] = [];
  const { header, payload } = beginAgeFile([HybridRecipient.parse(recipient)], (bytes) =>
    parts.push(Buffer.from(bytes)),
  );
  for (let i = 0; i < plaintext.length; i += pieceBytes) payload.update(plaintext.subarray(i, i + pieceBytes));
  payload.finish();
  return Buffer.concat([header, payload.nonce, ...parts]);
}

function open(file: Uint8Array, identity: string): Buffer {
  const chunks: Buffer[] = [];
  openAgeFile(file, [HybridIdentity.parse(identity)], (chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

describe('hybrid age files', () => {
  it('derive the same recipient from a seed as the age-encryption package', async () => {
    for (let i = 0; i < 5; i++) {
      const identity = await generateHybridIdentity();
      expect(HybridIdentity.parse(identity).recipient()).toBe(await identityToRecipient(identity));
    }
  });

  it.each(SIZES)('of %d bytes are opened by the age-encryption package, and the reverse', async (bytes) => {
    const identity = await generateHybridIdentity();
    const recipient = await identityToRecipient(identity);
    const plaintext = plaintextOf(bytes);

    const ours = seal(plaintext, recipient);
    const theirDecrypter = new Decrypter();
    theirDecrypter.addIdentity(identity);
    expect(plaintext.equals(await theirDecrypter.decrypt(Uint8Array.from(ours)))).toBe(true);

    const theirEncrypter = new Encrypter();
    theirEncrypter.addRecipient(recipient);
    const theirs = await theirEncrypter.encrypt(Uint8Array.from(plaintext));
    expect(open(theirs, identity).equals(plaintext)).toBe(true);
    expect(theirs.length).toBe(ours.length);
  });

  it('come back as they were, however they were cut on the way in, and are as long as foretold', async () => {
    const identity = await generateHybridIdentity();
    const recipient = await identityToRecipient(identity);
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...SIZES.slice(0, 7)), fc.integer({ min: 0, max: 300_000 })),
        fc.constantFrom(1000, 4096, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 100_000, 1 << 20),
        (bytes, pieceBytes) => {
          const plaintext = plaintextOf(bytes);
          const file = seal(plaintext, recipient, pieceBytes);
          return open(file, identity).equals(plaintext) && file.length === 1627 + sealedPayloadBytes(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });
});
