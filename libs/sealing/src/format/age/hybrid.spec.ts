import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeBech32, encodeBech32 } from '#libs/vocabulary';
import { HybridIdentity, HybridRecipient } from './hybrid.ts';

describe('hybrid keys', () => {
  /** The example of age.md: the recipient is told by its digest, it has 1959 characters. */
  const IDENTITY = 'AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR';

  it('derive the recipient of the example in age.md', () => {
    const recipient = HybridIdentity.parse(IDENTITY).recipient();
    expect(recipient).toHaveLength(1959);
    expect(createHash('sha256').update(recipient).digest('hex')).toBe(
      'a091dd7e0ee9d62b75173dcc98441a0424baa941e66a8776e570a4ae60ff61ea',
    );
    expect(() => HybridRecipient.parse(recipient)).not.toThrow();
  });

  it.each([
    ['a classical recipient', 'age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj'],
    ['an identity', IDENTITY],
    ['upper case', HybridIdentity.parse(IDENTITY).recipient().toUpperCase()],
    [
      'a wrong checksum',
      HybridIdentity.parse(IDENTITY)
        .recipient()
        .replace(/.$/, (last) => (last === 'q' ? 'p' : 'q')),
    ],
    ['another length', encodeBech32('age1pq', Buffer.alloc(1215))],
    ['coefficients out of range', encodeBech32('age1pq', Buffer.alloc(1216, 0xff))],
    ['nothing', ''],
  ])('are sealed to by no recipient that is %s', (_, text) => {
    expect(() => HybridRecipient.parse(text)).toThrow(TypeError);
  });

  it('refuses a recipient whose X25519 key has low order, when sealing to it', () => {
    const raw = Buffer.concat([
      decodeBech32(HybridIdentity.parse(IDENTITY).recipient())?.bytes.subarray(0, 1184) ?? Buffer.alloc(0),
      Buffer.alloc(32),
    ]);
    expect(() => new HybridRecipient(raw).wrapFileKey(Buffer.alloc(16))).toThrow(TypeError);
  });

  it.each([
    ['a classical identity', 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'],
    ['lower case', IDENTITY.toLowerCase()],
    ['another length', encodeBech32('age-secret-key-pq-', Buffer.alloc(31)).toUpperCase()],
  ])('never open with %s, and the message does not quote it', (_, text) => {
    expect(() => HybridIdentity.parse(text)).toThrow(TypeError);
    expect(() => HybridIdentity.parse(text)).not.toThrow(text.slice(20));
  });
});
