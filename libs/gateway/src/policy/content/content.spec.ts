import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { danishCpr } from './danish-cpr.ts';
import { expression, ExpressionFault } from './expression.ts';
import { iban } from './iban.ts';
import { paymentCard } from './payment-card.ts';
import { searchContent } from './search-content.ts';

const cpr = danishCpr(() => new Date('2026-11-30T12:00:00Z'));
const countOf = async (detector: Parameters<typeof searchContent>[1][number], ...texts: string[]) =>
  (await searchContent(texts, [detector])).get(detector.id);

describe('payment cards', () => {
  it.each([
    ['4111111111111111'],
    ['4111 1111 1111 1111'],
    ['4111-1111-1111-1111'],
    ['4111.1111.1111.1111'],
    ['3782 822463 10005'],
    ['5555 5555 5555 4444, exp 04/29'],
    ['5555 5555 5555 4444 04/29'],
    ['12 4111 1111 1111 1111 123'],
    ['4000 1234 5678 9010 123'],
    ['Card:4111\u00a01111\u00a01111\u00a01111.'],
    ['4111 1111\r\n1111 1111'],
    ['４１１１ １１１１ １１１１ １１１１'],
    ['4111\u200b1111\u200b1111\u200b1111'],
    ['4111–1111–1111–1111'],
    ['٤١١١ ١١١١ ١١١١ ١١١١'],
  ])('finds %s', async (text) => expect(await countOf(paymentCard, text)).toBe(1));

  it.each([
    ['4111111111111112', 'the check digit is wrong'],
    ['411111111111111', 'a digit is missing'],
    ['0000 0000 0000 0000', 'a row of one digit'],
    ['9111111111111111', 'no network begins so'],
    ['14111111111111111', 'it is part of a longer number'],
    ['4111 11111 111 1111', 'nobody writes it so'],
    ['invoice 4111 1111 and 1111 1111', 'words stand between'],
  ])('does not find %s: %s', async (text) => expect(await countOf(paymentCard, text)).toBe(0));

  it('counts a number once, however often it is quoted', async () =>
    expect(await countOf(paymentCard, '4111111111111111', '> 4111 1111 1111 1111', '5555555555554444')).toBe(2));
});

describe('IBANs', () => {
  it.each([
    ['DK50 0040 0440 1162 43'],
    ['DK5000400440116243'],
    ['dk50 0040 0440 1162 43'],
    ['GB29 NWBK 6016 1331 9268 19'],
    ['NO9386011117947'],
    ['Pay to DE89 3704 0044 0532 0130 00 by Friday'],
    ['order AB12 3456 7890 123 DK50 0040 0440 1162 43'],
    ['MT84MALT011000012345MTLCAST001S'],
  ])('finds %s', async (text) => expect(await countOf(iban, text)).toBe(1));

  it.each([
    ['DK51 0040 0440 1162 43', 'the check digits are wrong'],
    ['DK50 0040 0440 1162', 'it is too short'],
    ['US50 0040 0440 1162 43', 'the country has none'],
    ['XDK5000400440116243', 'it is part of a word'],
  ])('does not find %s: %s', async (text) => expect(await countOf(iban, text)).toBe(0));
});

describe('Danish CPR numbers', () => {
  it.each([
    ['010190-1234'],
    ['0101901234'],
    ['010190 1234'],
    ['290200-4321'],
    ['CPR-nr.: 311299-1230'],
    ['300358-5678'],
  ])('finds %s', async (text) => expect(await countOf(cpr, text)).toBe(1));

  it.each([
    ['310290-1234', 'February has no such day'],
    ['290201-4321', 'no leap year'],
    ['000190-1234', 'no day'],
    ['011390-1234', 'no month'],
    ['010130-4321', 'not born yet'],
    ['1010190-1234', 'part of a longer number'],
    ['010190-12345', 'part of a longer number'],
  ])('does not find %s: %s', async (text) => expect(await countOf(cpr, text)).toBe(0));
});

describe('expressions of the operator', () => {
  it('count what is different, whatever the case and the line ends', async () =>
    expect(
      await countOf(expression('project\\s+(falcon|eagle)'), 'Project\r\n  FALCON', 'project falcon, PROJECT eagle'),
    ).toBe(3));

  it.each([['('], ['a{2000}'], ['(?=x)'], ['(a)\\1'], ['a*'], ['x'.repeat(1001)]])('are refused: %s', (source) =>
    expect(() => expression(source.slice(0, 1001))).toThrow(ExpressionFault),
  );

  it('are found across the edge of two windows', async () => {
    const text = `${' word'.repeat(13_106)} 4111 1111 1111 1111 ${'word '.repeat(100)}`;
    for (const shift of [0, 3, 7, 11]) expect(await countOf(paymentCard, 'x'.repeat(shift) + text)).toBe(1);
  });

  it('take time by the length of the text alone', async () => {
    const nested = expression('(a+)+b');
    await expect(countOf(nested, 'a'.repeat(200_000))).resolves.toBe(0); // a backtracking engine would not come back
  });
});

it('finds a card number in any text around it that has no digits', async () => {
  const words = fc
    .string({ unit: 'grapheme', maxLength: 300 })
    .map((text) => text.replace(/[\p{N}\p{Pd}.,\u2212]/gu, ' '));
  await fc.assert(
    fc.asyncProperty(words, words, async (before, after) => {
      expect(await countOf(paymentCard, `${before} 4111 1111 1111 1111 ${after}`)).toBe(1);
    }),
  );
});
