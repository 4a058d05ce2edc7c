import { describe, expect, it } from '@jest/globals';
import { newOneTimeCode, parseOneTimeCode, showOneTimeCode } from './one-time-code.ts';

describe('a short code', () => {
  it('has 8 digits, leading zeros too, each digit as likely as another', () => {
    const counts = new Array<number>(10).fill(0);
    for (let turn = 0; turn < 5000; turn++) {
      const code = newOneTimeCode('short');
      expect(code).toMatch(/^[0-9]{8}$/);
      for (const digit of code) counts[Number(digit)] = (counts[Number(digit)] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 4000)).toBeLessThan(400); // 6.7 standard deviations
  });

  it.each([
    '12345678',
    '1234 5678',
    ' 1234-5678 ',
    '1234\u00a05678',
    '1234\u20115678',
    '1 2 3 4 5 6 7 8\n',
    '１２３４ ５６７８', // full-width, as East Asian keyboards type
    '١٢٣٤٥٦٧٨', // Arabic
    '۱۲۳۴۵۶۷۸', // Persian
    '१२३४५६७८', // Devanagari
    '\u200e1234 5678\u200f', // direction marks, as copied from a mail
    '\u20661234\u20695678',
    '\ufeff12\u00ad34\u200b5678',
  ])('is read from %p', (text) => expect(parseOneTimeCode(text, 'short')).toBe('12345678'));

  it.each([
    '',
    '1234567',
    '123456789',
    '1234567a',
    '１２３４５６７',
    '①②③④⑤⑥⑦⑧⑨',
    '1234.5678',
    '1'.repeat(101),
    'abcdefghijklmnop',
  ])('is not read from %p', (text) => expect(parseOneTimeCode(text, 'short')).toBeNull());

  it('is shown in two groups', () => expect(showOneTimeCode(parseOneTimeCode('01234567', 'short')!)).toBe('0123 4567'));
});

describe('a long code', () => {
  it('has 16 characters of base32', () => {
    expect(newOneTimeCode('long')).toMatch(/^[a-z2-7]{16}$/);
    expect(newOneTimeCode('long')).not.toBe(newOneTimeCode('long'));
  });

  it('is shown in four groups and read back', () => {
    const code = newOneTimeCode('long');
    expect(showOneTimeCode(code)).toMatch(/^([A-Z2-7]{4} ){3}[A-Z2-7]{4}$/);
    expect(parseOneTimeCode(showOneTimeCode(code), 'long')).toBe(code);
  });

  it('is read with the digits that base32 leaves out taken for what they look like', () =>
    expect(parseOneTimeCode('0aBC-1efg 8ijk 2345', 'long')).toBe('oabciefgbijk2345'));

  it('is read from full-width letters', () =>
    expect(parseOneTimeCode('ＡＢＣＤ efgh ijkl 2345', 'long')).toBe('abcdefghijkl2345'));

  it.each([
    'abcdefghijklmno',
    'abcdefghijklmnop9',
    'abcdefghijklmno9',
    'abcdefghijklmnoå',
    'abcdefghijklmno\u212a',
    '12345678',
  ])('is not read from %p', (text) => expect(parseOneTimeCode(text, 'long')).toBeNull());
});
