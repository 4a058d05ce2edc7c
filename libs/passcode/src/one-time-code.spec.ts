import { describe, expect, it } from '@jest/globals';
import { newOneTimeCode, parseOneTimeCode, showOneTimeCode } from './one-time-code.ts';
import type { OtpForm } from './passcode.ts';

const textOf = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString('latin1');
const made = (form: OtpForm) => textOf(newOneTimeCode(form)) ?? '';
const read = (text: string, form: OtpForm) => textOf(parseOneTimeCode(Buffer.from(text), form));
const shown = (text: string, form: OtpForm) => {
  const code = parseOneTimeCode(Buffer.from(text), form);
  return code && textOf(showOneTimeCode(code));
};

describe('a short code', () => {
  it('has 8 digits, leading zeros too, each digit as likely as another', () => {
    const counts = new Array<number>(10).fill(0);
    for (let turn = 0; turn < 5000; turn++) {
      const code = made('short');
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
  ])('is read from %p', (text) => expect(read(text, 'short')).toBe('12345678'));

  it.each([
    '',
    '1234567',
    '123456789',
    '1234567a',
    '１２３４５６７',
    '①②③④⑤⑥⑦⑧⑨',
    '1234.5678',
    '1'.repeat(101),
    '12345678'.padEnd(401),
    'abcdefghijklmnop',
  ])('is not read from %p', (text) => expect(read(text, 'short')).toBeNull());

  it('is shown in two groups', () => expect(shown('01234567', 'short')).toBe('0123 4567'));
});

describe('a long code', () => {
  it('has 16 characters of base32', () => {
    const codes = Array.from({ length: 500 }, () => made('long'));
    for (const code of codes) expect(code).toMatch(/^[a-z2-7]{16}$/);
    expect(new Set(codes.join('')).size).toBe(32);
    expect(new Set(codes).size).toBe(500);
  });

  it('is shown in four groups and read back', () => {
    const code = made('long');
    expect(shown(code, 'long')).toMatch(/^([A-Z2-7]{4} ){3}[A-Z2-7]{4}$/);
    expect(read(shown(code, 'long') ?? '', 'long')).toBe(code);
  });

  it('is read with the digits that base32 leaves out taken for what they look like', () =>
    expect(read('0aBC-1efg 8ijk 2345', 'long')).toBe('oabciefgbijk2345'));

  it('is read from full-width letters', () => expect(read('ＡＢＣＤ efgh ijkl 2345', 'long')).toBe('abcdefghijkl2345'));

  it.each([
    'abcdefghijklmno',
    'abcdefghijklmnop9',
    'abcdefghijklmno9',
    'abcdefghijklmnoå',
    'abcdefghijklmno\u212a',
    '12345678',
  ])('is not read from %p', (text) => expect(read(text, 'long')).toBeNull());
});

describe('what is no text', () => {
  it.each([[[0xff, 0x31]], [[0x31, 0xc2]], [[0xf0, 0x9f]], [[0xed, 0xa0, 0x80]]])('is no code: %p', (bytes) => {
    const entered = Buffer.concat([Buffer.from('1234567'), Buffer.from(bytes)]);
    expect(parseOneTimeCode(entered, 'short')).toBeNull();
  });

  it('lies in memory of its own, as long as the code and no longer, so that it can be wiped', () => {
    for (const code of [
      newOneTimeCode('short'),
      newOneTimeCode('long'),
      parseOneTimeCode(Buffer.from('1234 5678'), 'short'),
    ])
      expect(code?.buffer.byteLength).toBe(code?.length);
  });
});
