import { describe, expect, it } from '@jest/globals';
import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import fc from 'fast-check';
import { ageIdentitySeed, ageRecipientOf, isAgeRecipient, newAgeIdentity } from './age-keys.ts';
import { decodeBech32, encodeBech32 } from '#libs/vocabulary';

function recipientOf(identity: string): string {
  const seed = ageIdentitySeed(identity);
  if (seed === null) throw new Error('not an identity');
  return ageRecipientOf(seed);
}

describe('age hybrid keys', () => {
  it('derives the recipient that the age-encryption package derives', async () => {
    for (let i = 0; i < 5; i++) {
      const identity = await generateHybridIdentity();
      expect(recipientOf(identity)).toBe(await identityToRecipient(identity));
    }
  });

  it('makes identities that the age-encryption package opens with', async () => {
    const identity = newAgeIdentity();
    expect(identity).toMatch(/^AGE-SECRET-KEY-PQ-1[A-Z0-9]{58}$/);
    expect(isAgeRecipient(recipientOf(identity))).toBe(true);
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipientOf(identity));
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect(await decrypter.decrypt(await encrypter.encrypt('sealed'), 'text')).toBe('sealed');
  });

  it('refuses what is no hybrid key, or one with a typing error', async () => {
    const identity = newAgeIdentity();
    expect(ageIdentitySeed(await generateX25519Identity())).toBeNull();
    expect(ageIdentitySeed(identity.toLowerCase())).toBeNull();
    expect(ageIdentitySeed(identity.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q')))).toBeNull();
    expect(isAgeRecipient(await identityToRecipient(await generateX25519Identity()))).toBe(false);
    expect(isAgeRecipient(recipientOf(identity).slice(0, -1))).toBe(false);
  });
});

describe('bech32', () => {
  it('reads back what it wrote', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(decodeBech32(encodeBech32('age', bytes))).toEqual({ prefix: 'age', bytes: Buffer.from(bytes) });
      }),
    ));

  it('notices any one changed character', () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 40 }), fc.nat(), (bytes, at) => {
        const text = encodeBech32('age', bytes);
        const index = 4 + (at % (text.length - 4));
        const other = text.charAt(index) === 'q' ? 'p' : 'q';
        expect(decodeBech32(text.slice(0, index) + other + text.slice(index + 1))).toBeNull();
      }),
    ));

  it.each(['', '1', 'age1', 'age1b', 'Age1Qqqqqqq', 'age1qqqqqqb'])('refuses %j', (text) =>
    expect(decodeBech32(text)).toBeNull(),
  );
});
