import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { decodeBech32, encodeBech32 } from './bech32.ts';

describe('bech32', () => {
  // BIP 173, test vectors; those over 90 characters are none here, since age lifts that limit.
  it.each([
    'A12UEL5L',
    'a12uel5l',
    'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw',
    'split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w',
    '?1ezyfcl',
  ])('takes %s', (text) => {
    const decoded = decodeBech32(text);
    expect(decoded).not.toBeNull();
    expect(encodeBech32(decoded?.prefix ?? '', decoded?.bytes ?? Buffer.alloc(0))).toBe(text.toLowerCase());
  });

  it.each([
    ['no separator', 'pzry9x0s0muk'],
    ['an empty prefix', '1pzry9x0s0muk'],
    ['another alphabet', 'x1b4n0q5v'],
    ['too short a checksum', 'li1dgmt3'],
    ['a prefix that is no ASCII', 'é1axkwrx'],
    ['a checksum over upper case', 'A1G7SGD8'],
    ['an empty prefix and no data', '10a06t8'],
    ['mixed case', 'a12UEL5L'],
    ['an absurd length', `a1${'q'.repeat(5000)}`],
  ])('refuses %s', (_, text) => expect(decodeBech32(text)).toBeNull());

  it('reads what it wrote, and never a text with one character changed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(), (bytes, at) => {
        const text = encodeBech32('age', bytes);
        const i = 4 + (at % (text.length - 4));
        const changed = text.slice(0, i) + (text[i] === 'q' ? 'p' : 'q') + text.slice(i + 1);
        return decodeBech32(text)?.bytes.equals(bytes) === true && decodeBech32(changed) === null;
      }),
    );
  });
});
