import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressRefused, maskAddress, parseMailAddress } from './mail-address.ts';

function refusalOf(text: string): string {
  try {
    parseMailAddress(text);
    return 'taken';
  } catch (error) {
    if (error instanceof AddressRefused) return error.refusal;
    throw error;
  }
}

describe('one canonical mail address', () => {
  it.each([
    ['anna@example.com', 'anna@example.com'],
    ['Anna.Berg+Mail@EXAMPLE.Com', 'anna.berg+mail@example.com'],
    ["o'neill@example.com", "o'neill@example.com"],
    ['anna@bücher.example', 'anna@xn--bcher-kva.example'],
    ['anna@BÜCHER.example', 'anna@xn--bcher-kva.example'],
    ['anna@xn--bcher-kva.example', 'anna@xn--bcher-kva.example'],
    ['a@rødgrød.dk', 'a@xn--rdgrd-vuad.dk'],
  ])('%s is %s', (given, canonical) => expect(parseMailAddress(given)).toBe(canonical));

  it.each([
    ['', 'empty'],
    ['anna', 'not-one-at-sign'],
    ['a@b@c.test', 'not-one-at-sign'],
    ['anna@', 'bad-domain'],
    ['@example.com', 'bad-local-part'],
    ['an na@example.com', 'control-or-space'],
    ['anna@example.com ', 'control-or-space'],
    ['anna@example.com\r\nBcc: x@y.test', 'control-or-space'],
    ['anna\u00a0@example.com', 'control-or-space'],
    ['"anna"@example.com', 'quoted-or-comment'],
    ['"a@evil.test x"@good.test', 'control-or-space'],
    ['anna@good.test(x)evil.test', 'quoted-or-comment'],
    ['<anna@example.com>', 'quoted-or-comment'],
    ['@a.test,@b.test:anna@c.test', 'quoted-or-comment'],
    ['a%c.test@b.test', 'routing-character'],
    ['c.test!a@b.test', 'routing-character'],
    ['аdmin@example.com', 'non-ascii-local-part'], // Cyrillic а
    ['user＠evil.test@b.test', 'non-ascii-local-part'],
    ['a＠b.test', 'not-one-at-sign'],
    ['.anna@example.com', 'bad-local-part'],
    ['anna..b@example.com', 'bad-local-part'],
    ['anna@[127.0.0.1]', 'domain-literal'],
    ['anna@127.0.0.1', 'bad-domain'],
    ['anna@127.1', 'bad-domain'],
    ['anna@0x7f.1', 'bad-domain'],
    ['anna@localhost', 'bad-domain'],
    ['anna@example.com.', 'bad-domain'],
    ['anna@exam\u00adple.com', 'bad-domain'], // soft hyphen: UTS #46 would drop it in silence
    ['anna@exam\u200bple.com', 'bad-domain'],
    ['anna@example。com', 'bad-domain'],
    ['anna@-example.com', 'bad-domain'],
    ['anna@exa_mple.com', 'bad-domain'],
    [`${'a'.repeat(65)}@example.com`, 'too-long'],
    [`${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.test`, 'too-long'],
  ])('%j is refused: %s', (given, refusal) => expect(refusalOf(given)).toBe(refusal));

  it('has one form: canonical is a fixed point, and never holds anything but printable ASCII', () => {
    const character = fc.oneof(
      fc.constantFrom(...'abcXYZ019.@@-_+%!"() <>[]:;\\,\u00ad\u200b\u212a\uff20\uff0eßøéçİı'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    const nearlyAddress = fc
      .tuple(fc.array(character, { maxLength: 12 }), fc.array(character, { maxLength: 12 }))
      .map(([local, domain]) => `${local.join('')}@${domain.join('')}.test`);
    fc.assert(
      fc.property(fc.oneof(nearlyAddress, fc.emailAddress(), fc.string()), (text) => {
        let canonical: string;
        try {
          canonical = parseMailAddress(text);
        } catch (error) {
          expect(error).toBeInstanceOf(AddressRefused);
          return;
        }
        expect(canonical).toMatch(/^[!-~]+$/);
        expect(parseMailAddress(canonical)).toBe(canonical);
      }),
      { numRuns: 5000 },
    );
  });

  it('of the cases of isemail, takes plain ones alone, and each as a fixed point (threats.md A17)', () => {
    const text = readFileSync(join(import.meta.dirname, 'isemail-cases.json'), 'utf8');
    const { cases } = JSON.parse(text) as { cases: (readonly [string, string])[] };
    const taken = cases.filter(([given]) => refusalOf(given) === 'taken');
    expect(cases.length).toBeGreaterThanOrEqual(164);
    expect(taken.filter(([, diagnosis]) => diagnosis !== 'valid')).toEqual([]);
    expect(taken.map(([given]) => parseMailAddress(given))).toEqual([
      'test@iana.org',
      'test@nominet.org.uk',
      'test@about.museum',
      'a@iana.org',
      'test.test@iana.org',
      '123@iana.org',
      'test@123.com',
      'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghiklm@iana.org',
      'test@xn--k28haaaaaaaaaaaaaaaa.org',
      'test@mason-dixon.com',
      'xn--test@iana.org',
    ]);
  });

  it('masks to what its owner recognises and nobody can use', () => {
    expect(maskAddress(parseMailAddress('anna.berg@example.com'))).toBe('a••••••@example.com');
    expect(maskAddress(parseMailAddress('a@example.com'))).toBe('a••••••@example.com');
  });
});
