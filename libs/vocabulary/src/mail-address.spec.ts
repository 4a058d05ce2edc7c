import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressRefused, mailAddressOf, maskAddress, parseMailAddress, parseWrittenAddress } from './mail-address.ts';

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
    ['"Anna"@example.com', 'anna@example.com'], // RFC 5321 §4.1.2: quotes that are not needed are no part of it
    ['"A..B."@docomo.ne.jp', '"a..b."@docomo.ne.jp'],
    ['".anna"@example.com', '".anna"@example.com'],
    ['ÆRØ@blåbær.example', 'ærø@xn--blbr-roah.example'],
    ['"ærø"@example.com', 'ærø@example.com'],
    ['"æ..ø"@example.com', '"æ..ø"@example.com'],
    ['e\u0301ve@example.com', '\u00e9ve@example.com'], // NFC
    ['क\u093c@example.com', '\u0958@example.com'.normalize('NFC')],
    ['админ+1@example.com', 'админ+1@example.com'],
    ['山田.taro@example.jp', '山田.taro@example.jp'],
    ['タロー@example.jp', 'タロー@example.jp'],
    ['ΟΔΟΣ@example.gr', 'οδος@example.gr'],
    ['אבג12@example.il', 'אבג12@example.il'],
    ['علي١٢@example.com', 'علي١٢@example.com'],
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
    ['"anna"b@example.com', 'quoted-or-comment'],
    ['"anna', 'quoted-or-comment'],
    ['""@example.com', 'bad-local-part'],
    ['"a\\"b"@example.com', 'quoted-or-comment'],
    ['"a\\b"@example.com', 'quoted-or-comment'],
    ['"a,b"@example.com', 'quoted-or-comment'],
    ['"a@evil.test"@good.test', 'not-one-at-sign'],
    ['"a%evil.test"@good.test', 'routing-character'],
    ['"a"."b"@good.test', 'quoted-or-comment'],
    ['"a@evil.test x"@good.test', 'control-or-space'],
    ['anna@good.test(x)evil.test', 'quoted-or-comment'],
    ['<anna@example.com>', 'quoted-or-comment'],
    ['@a.test,@b.test:anna@c.test', 'quoted-or-comment'],
    ['a%c.test@b.test', 'routing-character'],
    ['c.test!a@b.test', 'routing-character'],
    ['аdmin@example.com', 'unclear-letters'], // Cyrillic а
    ['user＠evil.test@b.test', 'unclear-letters'],
    ['\u212aelvin@example.com', 'unclear-letters'], // KELVIN SIGN, which NFC makes a K
    ['ﬁn@example.com', 'unclear-letters'], // a ligature
    ['æ\u200dø@example.com', 'unclear-letters'],
    ['æ\u202eø@example.com', 'unclear-letters'], // turns the reading direction round
    ['o\u02bcneill@example.com', 'unclear-letters'], // no apostrophe
    ['\u0301anna@example.com', 'unclear-letters'], // a mark on nothing
    ['İx@example.com', 'unclear-letters'], // folds to an i with a dot that nobody sees
    ['ς\u0301\u0301@example.com', 'unclear-letters'],
    ['12אבג@example.il', 'unclear-letters'], // reads from the other side than it is
    ['אבג-@example.il', 'unclear-letters'],
    ['abcאבג@example.il', 'unclear-letters'],
    ['علي12١٢@example.com', 'unclear-letters'],
    ['anna☃@example.com', 'unclear-letters'],
    ['a＠b.test', 'not-one-at-sign'],
    ['.anna@example.com', 'dots-need-quotes'],
    ['anna..b@example.com', 'dots-need-quotes'],
    ['anna.@example.com', 'dots-need-quotes'],
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
    ['anna@ex%61mple.com', 'bad-domain'],
    ['anna@example.com/evil.test', 'bad-domain'],
    ['anna@example.com?evil.test', 'bad-domain'],
    ['anna@example.com#evil.test', 'bad-domain'],
    ['anna@exa_mple.com', 'bad-domain'],
    [`${'a'.repeat(65)}@example.com`, 'too-long'],
    [`"${'a'.repeat(62)}."@example.com`, 'too-long'], // with its quotes
    [`${'ø'.repeat(33)}@example.com`, 'too-long'], // octets, not characters
    [`${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.test`, 'too-long'],
  ])('%j is refused: %s', (given, refusal) => expect(refusalOf(given)).toBe(refusal));

  it('takes dots without quotes where that is allowed, as the mailbox that it is with them', () => {
    const canonical = parseMailAddress('"a..b."@docomo.ne.jp');
    expect(parseMailAddress('A..b.@DOCOMO.ne.jp', ['docomo.ne.jp'])).toBe(canonical);
    expect(parseMailAddress('a..b.@docomo.ne.jp', 'everywhere')).toBe(canonical);
    expect(parseWrittenAddress('a..b.@docomo.ne.jp')).toBe(canonical);
    expect(mailAddressOf('a..b.', 'docomo.ne.jp')).toBe(canonical);
    expect(() => parseMailAddress('a..b.@docomo.ne.jp', ['ezweb.ne.jp'])).toThrow('dots-need-quotes');
    expect(() => mailAddressOf('a', 'exa mple.com')).toThrow('bad-domain');
    expect(() => mailAddressOf('"a"', 'example.com')).toThrow('bad-local-part'); // a mailbox whose name has quotes in it
  });

  const character = fc.oneof(
    fc.constantFrom(...'abcXYZ019..@@-_+%!"() <>[]:;\\,\u00ad\u200b\u212a\uff20\uff0eßøéçİıǅςΣ\u0301\u0307\u0345אب१'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  );
  const nearlyAddress = fc
    .tuple(fc.array(character, { maxLength: 12 }), fc.array(character, { maxLength: 12 }), fc.boolean())
    .map(([local, domain, isQuoted]) => {
      const [quote, place] = isQuoted ? ['"', ''] : ['', domain.join('')];
      return `${quote}${local.join('')}${quote}@${place}.test`.replace('@.', '@x.');
    });
  const canonicalOr = (text: string, parse = parseWrittenAddress): string | null => {
    try {
      return parse(text);
    } catch (error) {
      expect(error).toBeInstanceOf(AddressRefused);
      return null;
    }
  };

  it('has one form: canonical is a fixed point, with nothing in it that is not seen', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyAddress, fc.emailAddress(), fc.string()), (text) => {
        const canonical = canonicalOr(text);
        if (canonical === null) return;
        expect(canonical).toMatch(/^(?:[!#-~]|[^\p{ASCII}\p{C}\p{Z}\p{P}\p{S}])+$|^"[^"]+"@[!#-~]+$/u);
        expect(parseMailAddress(canonical)).toBe(canonical); // no setting and no leniency needed for it
        expect(canonical.normalize('NFC')).toBe(canonical);
        expect(canonicalOr(text, parseMailAddress) ?? canonical).toBe(canonical);
      }),
      { numRuns: 5000 },
    );
  });

  it('is one for a mailbox however it is written: in quotes or not, in capitals or not, composed or not', () => {
    fc.assert(
      fc.property(nearlyAddress, (text) => {
        const canonical = canonicalOr(text);
        if (canonical === null) return;
        const [localPart = '', domain = ''] = canonical.replaceAll('"', '').split('@');
        const spelled = [`${localPart}@${domain}`, `"${localPart}"@${domain.toUpperCase()}`];
        for (const each of [...spelled, ...spelled.map((one) => one.normalize('NFD'))])
          expect(parseWrittenAddress(each)).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });

  it('of the cases of isemail, takes plain ones alone, and each as a fixed point (threats.md A17)', () => {
    const text = readFileSync(join(import.meta.dirname, 'isemail-cases.json'), 'utf8');
    const { cases } = JSON.parse(text) as { cases: (readonly [string, string])[] };
    const taken = cases.filter(([given]) => refusalOf(given) === 'taken');
    expect(cases.length).toBeGreaterThanOrEqual(164);
    expect(taken.filter(([given, diagnosis]) => diagnosis !== 'valid' && !given.startsWith('"'))).toEqual([]);
    expect(taken.map(([given]) => parseMailAddress(given))).toEqual([
      'test@iana.org',
      'test@nominet.org.uk',
      'test@about.museum',
      'a@iana.org',
      'êjness@iana.org',
      'ñoñó1234@iana.org',
      'ñoñó1234@something.com',
      '伊昭傑@xn--5nqv22n.xn--lhr59c',
      'test.test@iana.org',
      '123@iana.org',
      'test@123.com',
      'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghiklm@iana.org',
      'test@xn--k28haaaaaaaaaaaaaaaa.org',
      'test@mason-dixon.com',
      'test@iana.org', // in quotes
      'xn--test@iana.org',
    ]);
  });

  it('masks to what its owner recognises and nobody can use', () => {
    expect(maskAddress(parseMailAddress('anna.berg@example.com'))).toBe('a••••••@example.com');
    expect(maskAddress(parseMailAddress('a@example.com'))).toBe('a••••••@example.com');
    expect(maskAddress(parseMailAddress('"a..b."@docomo.ne.jp'))).toBe('a••••••@docomo.ne.jp');
    expect(maskAddress(parseMailAddress('𠮷田@example.jp'))).toBe('𠮷••••••@example.jp');
  });
});
