import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { anyPerson } from '#libs/keyring/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { keepSeal, keptSealOf, relayingIdOf } from './kept-seal.ts';

const [anna, bo] = [anyPerson(), anyPerson()];
const [sameMail, otherMail] = [randomBytes(32), randomBytes(32)];
const kept = { resumption: randomBytes(2500), cut: [{ at: 3, text: 'Received: blåbær\r\n' }] };

describe('what a seal is taken up by', () => {
  it('opens with the mail and the recipient’s key together, and with neither alone', () => {
    const text = keepSeal(kept, anna, sameMail);
    expect(keptSealOf(text, anna, sameMail)).toEqual(kept);
    expect(keptSealOf(text, anna, otherMail)).toBeNull();
    expect(keptSealOf(text, bo, sameMail)).toBeNull();
  });

  it('opens to nothing once it was altered', () => {
    const text = keepSeal(kept, anna, sameMail);
    for (const altered of [
      '',
      'A',
      text.slice(4),
      text.slice(0, -4),
      `${text.slice(0, -1)}${text.endsWith('A') ? 'E' : 'A'}`,
    ])
      expect(keptSealOf(altered, anna, sameMail)).toBeNull();
  });
});

describe('the name of a mail to a recipient', () => {
  const from = parseMailAddress('office@example.org');
  it('is the same for every try, and another for another mail, sender or recipient', () => {
    const id = relayingIdOf(anna, from, sameMail);
    expect(id).toMatch(/^[a-z2-7]{26}$/);
    expect(relayingIdOf(anna, from, sameMail)).toBe(id);
    const others = [
      relayingIdOf(bo, from, sameMail),
      relayingIdOf(anna, null, sameMail),
      relayingIdOf(anna, parseMailAddress('b@example.org'), sameMail),
      relayingIdOf(anna, from, otherMail),
    ];
    expect(new Set([id, ...others]).size).toBe(5);
  });
});
