import { describe, expect, it } from '@jest/globals';
import { base64Length } from './base64-tail.ts';

const LINE = Buffer.alloc(57, 'segl').toString('base64');
const kept = (body: string): string => {
  const bytes = Buffer.from(body, 'latin1');
  return bytes.toString('latin1', 0, base64Length(bytes)).trimEnd();
};

describe('the end of the base64 of a part', () => {
  it.each([
    ['as it should be', `${LINE}\r\nc2VnbA==\r\n`],
    ['without padding', `${LINE}\r\nc2VnbHNl\r\n`],
    ['with white space behind', `${LINE}\r\nc2VnbA==\r\n \r\n\r\n`],
    ['damaged in a line', `${LINE}\r\n*c2VnbHN!\r\n`],
    ['cut short', `${LINE}\r\nc2V`],
    ['nothing', ''],
  ])('%s stays', (_name, body) => expect(kept(body)).toBe(body.trimEnd()));

  it.each([
    ['behind padding', `${LINE}\r\nc2VnbA==`, '\r\nWe scanned this mail.\r\nAnna\r\n'],
    [
      'behind padding, under a rule',
      `${LINE}\r\nc2VnbA==`,
      '\r\n_____________________\r\nlist mailing list\r\nlist@x.example\r\n',
    ],
    ['behind no padding', `${LINE}\r\n${LINE}`, '\r\n-- \r\nSent by a list\r\n'],
  ])('words %s are none of it', (_name, base64, words) => expect(kept(base64 + words)).toBe(base64));
});
