import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { asEncodedWords, decodeEncodedWords } from './encoded-words.ts';

describe('encoded words', () => {
  it.each([
    ['=?utf-8?Q?R=C3=B8d_gr=C3=B8d?=', 'Rød grød'],
    ['=?utf-8?B?UsO4ZA==?= er =?iso-8859-1?Q?gr=F8d?=', 'Rød er grød'],
    ['=?utf-8?Q?R=C3?= \t =?utf-8?b?uGQ=?=', 'Rød'],
    ['=?utf-8?Q?a?= =?iso-8859-1?Q?=F8?=', 'aø'],
    ['=?utf-8?Q?a?= b =?utf-8?Q?c?=', 'a b c'],
    ['=?utf-8?Q?a?==?utf-8?Q?b?=', 'ab'],
    ['=?utf-8?Q?Really??=', 'Really?'],
    ['=?utf-8?Q?Who?_Me!?=', 'Who? Me!'],
    ['=?utf-8?Q?Really?=3F?= x', 'Really?? x'],
    ['=?utf-8?Q?=41=42?=', 'AB'],
    ['=?utf-8?Q?two words?=', 'two words'],
    ['=?utf-8*da?Q?=C3=B8?=', 'ø'],
    ['=?utf-8?Q??=', ''],
    ['=?utf-8?Q?open =?utf-8?Q?closed?=', '=?utf-8?Q?open closed'],
    ['=?utf-8?X?a?= and =?utf-8?Q?never closed', '=?utf-8?X?a?= and =?utf-8?Q?never closed'],
    ['1 =? 2', '1 =? 2'],
  ])('%s', (text, decoded) => expect(decodeEncodedWords(text)).toBe(decoded));

  it('come back as they were written', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/[\ud800-\udfff]/.test(text) || text.isWellFormed());
        expect(decodeEncodedWords(asEncodedWords(text))).toBe(text);
      }),
    ));

  it('cost no more than their length, however they are left open', () => {
    const milliseconds = (text: string): number => {
      const begun = process.cpuUsage(); // the clock counts what else the machine does
      decodeEncodedWords(text);
      return process.cpuUsage(begun).user / 1000;
    };
    for (const piece of ['=?utf-8?q?', '=?a?b?=?a?b?', '?==?', '=?utf-8?q?a?=4']) {
      milliseconds(piece.repeat(2000));
      expect(milliseconds(`${piece.repeat(60_000)}?=`)).toBeLessThan(2000); // minutes, were each looked for to the end
    }
  });
});
