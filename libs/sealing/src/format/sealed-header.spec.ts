import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { base32Lower } from '#libs/vocabulary';
import { sealSample, testKeys } from '../testing/sealed-sample.ts';
import { NotSealedMail, SEALED_HEADER_BYTES, readSealedHeader } from './sealed-header.ts';

const { ciphertext, recorded } = sealSample(Buffer.from('Subject: x\r\n\r\nx\r\n'), testKeys());
const header = ciphertext.toString('latin1', 0, SEALED_HEADER_BYTES);
const refused = (bytes: string | Uint8Array) => {
  try {
    readSealedHeader(Buffer.from(bytes as string, 'latin1'));
    return 'taken';
  } catch (error) {
    if (!(error instanceof NotSealedMail)) throw error;
    return error.reason;
  }
};

describe('readSealedHeader', () => {
  it('names the message after the digest of its header', () => {
    const digest = createHash('sha256').update(header, 'latin1').digest();
    expect(readSealedHeader(ciphertext)).toEqual({
      status: 'header',
      headerBytes: 1627,
      headerSha256: digest.toString('hex'),
      messageId: base32Lower(digest.subarray(0, 20)),
    });
    expect(recorded.messageId).toMatch(/^[a-z2-7]{32}$/);
  });

  it('cannot tell before it has all of the header', () => {
    for (let length = 0; length < SEALED_HEADER_BYTES; length++) {
      expect(readSealedHeader(ciphertext.subarray(0, length))).toEqual({ status: 'more' });
    }
  });

  it('refuses at the first byte that is wrong, wherever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: SEALED_HEADER_BYTES - 1 }), (at) => {
        const wrong = Buffer.from(header, 'latin1');
        wrong[at] = 0x2d; // a hyphen is in no base64 of ours; the fixed texts have four
        if (wrong.toString('latin1') === header) return true;
        return refused(wrong.subarray(0, at + 1)) !== 'taken';
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a page', '<!DOCTYPE html><html>', 'not-age'],
    ['armor', '-----BEGIN AGE ENCRYPTED FILE-----\n', 'not-age'],
    ['another version of age', header.replace('org/v1', 'org/v2'), 'not-age'],
    ['CRLF', header.replaceAll('\n', '\r\n'), 'not-age'],
    ['a byte order mark', `\u00ef\u00bb\u00bf${header}`, 'not-age'],
    ['a classical stanza', 'age-encryption.org/v1\n-> X25519 ', 'outside-profile'],
    ['a passphrase', 'age-encryption.org/v1\n-> scrypt ', 'outside-profile'],
    ['a grease stanza before ours', header.replace('-> ', '-> grease\n\n-> '), 'outside-profile'],
    ['a second stanza', header.replace('--- ', '-> x\n\n--- '), 'outside-profile'],
    ['thousands of stanzas', `age-encryption.org/v1\n${'-> mlkem768x25519 AA\n\n'.repeat(5000)}`, 'outside-profile'],
    ['a line without an end', `age-encryption.org/v1\n-> mlkem768x25519 ${'A'.repeat(1_000_000)}`, 'outside-profile'],
    ['an argument too many', header.replace('768x25519 ', '768x25519 x '), 'outside-profile'],
    ['padding', header.replace(/.\n--- /, '=\n--- '), 'outside-profile'],
    ['no stanza', `age-encryption.org/v1\n--- ${'A'.repeat(43)}\n`, 'outside-profile'],
    // 43 characters hold 258 bits: the last two must be zero.
    ['stray bits behind the MAC', header.replace(/.\n$/, 'B\n'), 'outside-profile'],
  ])('refuses %s', (_, bytes, reason) => expect(refused(bytes)).toBe(reason));
});
