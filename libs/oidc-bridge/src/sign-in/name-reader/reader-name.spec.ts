import { describe, expect, it } from '@jest/globals';
import { parseReaderName } from './reader-name.ts';

describe('the name of a reader', () => {
  it.each([
    ['  Bo Ærø\t', 'Bo Ærø'],
    ['O’Brien-Łukasz', 'O’Brien-Łukasz'],
    ['王小明', '王小明'],
    ['علی\u200cرضا', 'علی\u200cرضا'],
    ['😀'.repeat(100), '😀'.repeat(100)],
  ])('%j is one', (text, name) => expect(parseReaderName(text)).toBe(name));

  it.each([
    '',
    ' \u00a0 ',
    '\u200d',
    'Bo\u0000',
    'Bo\rEve',
    'Bo\u0085',
    'Bo\u2028Eve',
    '\u202eoB',
    'Bo\ud800',
    'x'.repeat(101),
  ])('%j is none', (text) => expect(parseReaderName(text)).toBeNull());
});
