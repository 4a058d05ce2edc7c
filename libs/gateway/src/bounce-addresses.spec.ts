import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { base32Lower, parseMailAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { BounceAddresses } from './bounce-addresses.ts';

const base = parseMailAddress('bounces@mail.example.com');
const author = parseMailAddress('anna@example.com');
const [older, newer] = [randomBytes(32), randomBytes(32)];
const addresses = new BounceAddresses(base, () => [newer, older]);
const someId = () => base32Lower(randomBytes(20)) as MessageId;

describe('a bounce address', () => {
  it('names the message that its carrier carries, in whatever case it comes back', () => {
    const messageId = someId();
    const address = addresses.senderOf(messageId, author);
    expect(address).toMatch(/^bounces\+[a-z2-7]{48}@mail\.example\.com$/);
    expect(addresses.messageOf(address)).toBe(messageId);
    expect(addresses.messageOf(address.toUpperCase())).toBe(messageId);
  });

  it('is known as long as its key is there', () => {
    const messageId = someId();
    const address = new BounceAddresses(base, () => [older]).senderOf(messageId, author);
    expect(addresses.messageOf(address)).toBe(messageId);
    expect(new BounceAddresses(base, () => [newer]).messageOf(address)).toBeNull();
  });

  it('cannot be made up, nor be another message’s', () => {
    const address = addresses.senderOf(someId(), author);
    const elsewhere = address.replace('mail.example.com', 'mail.example.org');
    const token = /\+(.{48})@/.exec(address)?.[1] ?? '';
    const anothers = address.replace(token, someId() + token.slice(32));
    for (const each of [base, elsewhere, anothers, 'bounces+@mail.example.com', '', '@', author])
      expect(addresses.messageOf(each)).toBeNull();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 47 }),
        fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
        (at, letter) => {
          const changed = token.slice(0, at) + letter + token.slice(at + 1);
          if (changed !== token) expect(addresses.messageOf(address.replace(token, changed))).toBeNull();
        },
      ),
    );
  });

  it('is none where nothing is configured: carriers are sent from who wrote', () => {
    const none = new BounceAddresses(null, () => []);
    expect(none.senderOf(someId(), author)).toBe(author);
    expect(none.messageOf(addresses.senderOf(someId(), author))).toBeNull();
  });
});
