import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodedLength, decodeTransfer } from './transfer-decoding.ts';

const decoded = (text: string, encoding: string): string =>
  decodeTransfer(Buffer.from(text, 'latin1'), encoding).bytes.toString('latin1');
const lines = (text: string, width: number, end: string): string =>
  text.replace(new RegExp(`.{${width}}`, 'g'), `$&${end}`);

describe('base64', () => {
  const content = Buffer.from(Array.from({ length: 3_300_001 }, (_, at) => (at * 31 + (at >> 8)) & 0xff));
  const encoded = content.toString('base64');

  it.each([
    ['lines of 76 with CRLF', lines(encoded, 76, '\r\n')],
    ['lines of 76 with LF', lines(encoded, 76, '\n')],
    ['lines of 60', lines(encoded, 60, '\r\n')],
    ['lines of 75, not whole quanta', lines(encoded, 75, '\r\n')],
    ['one line', encoded],
    ['spaces within', lines(encoded, 1001, ' \r\n\t')],
    ['a stray character early', `!${lines(encoded, 76, '\r\n')}`],
    [
      'an odd line in the middle',
      lines(encoded.slice(0, 2_000_000), 76, '\r\n') + '\r\n' + lines(encoded.slice(2_000_000), 76, '\r\n'),
    ],
    [
      'a letter too many where a line ends, and one missing',
      lines(encoded, 76, '\r\n').replace(/^([\s\S]{1500000}[^\r]*)\r\n(.)/, '$1$2\r\n'),
    ],
  ])('%s', (_name, text) => {
    const raw = Buffer.from(text);
    expect(decodeTransfer(raw, 'base64').bytes.equals(content)).toBe(true);
    expect(decodedLength(raw, 'base64')).toBe(content.length);
  });

  it('goes on behind padding, but not for ever', () => {
    expect(decoded('YQ==YmM=\r\nZA==', 'base64')).toBe('abcd');
    const many = decodeTransfer(Buffer.from('YQ=='.repeat(2000)), 'base64');
    expect([many.isDamaged, many.bytes.length > 1000]).toEqual([true, true]);
  });

  it('says what is damaged', () => {
    expect(decodeTransfer(Buffer.from('YWJj*ZGVm'), 'base64')).toEqual({
      bytes: Buffer.from('abcdef'),
      isDamaged: true,
    });
    expect(decodeTransfer(Buffer.from('YWJjZGVm\r\n'), 'base64').isDamaged).toBe(false);
  });

  it('round-trips whatever the width of its lines', () =>
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.integer({ min: 1, max: 80 }),
        fc.constantFrom('\r\n', '\n'),
        (bytes, width, end) => {
          const raw = Buffer.from(lines(Buffer.from(bytes).toString('base64'), width, end));
          expect(decodeTransfer(raw, 'base64').bytes.equals(Buffer.from(bytes))).toBe(true);
          expect(decodedLength(raw, 'base64')).toBe(bytes.length);
        },
      ),
    ));
});

describe('quoted-printable', () => {
  it.each([
    ['a=3Db=3d', 'a=b='],
    ['soft=\r\nbreak', 'softbreak'],
    ['soft= \t\r\nbreak', 'softbreak'],
    ['soft=\nbreak', 'softbreak'],
    ['end=', 'end'],
    ['R=F8d', 'Rød'],
    ['100=%', '100=%'],
    ['=4', '=4'],
  ])('%j → %j', (given, expected) => expect(decoded(given, 'quoted-printable')).toBe(expected));
});

describe('uuencode', () => {
  it.each([
    ['begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n', 'Cat'],
    ['#0V%T\n', 'Cat'],
    [
      "M=&AI<R!I<R!A(&QO;F=E<B!T97AT('1H870@=&%K97,@;6]R92!T:&%N(&]N\n$92!L:0``\n`\nend",
      'this is a longer text that takes more than one li'.slice(0, 49),
    ],
    ['', ''],
  ])('%j', (given, expected) => expect(decoded(given, 'x-uuencode')).toBe(expected));

  it('gives what a line that is cut short holds', () => expect(decoded('M0V%T', 'uuencode')).toBe('Cat'));
});

describe('no encoding', () => {
  it.each(['', '7bit', '8bit', 'binary', 'x-nobody-knows'])('%j leaves the very bytes', (encoding) => {
    const raw = Buffer.from([0, 255, 13, 10, 61]);
    expect(decodeTransfer(raw, encoding).bytes).toBe(raw);
  });
});
