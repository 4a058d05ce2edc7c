import { describe, expect, it } from '@jest/globals';
import { quotedPrintable } from './transfer-encoding.ts';

/** RFC 2045 §6.7, read the other way. */
function decoded(text: string): string {
  const octets = text
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1').toString().replaceAll('\r\n', '\n');
}

const LINES = [
  '',
  ' ',
  'a',
  'a ',
  'a = b',
  'tab\tin it',
  'x'.repeat(75),
  'x'.repeat(76),
  `${'x'.repeat(74)} `,
  `${'x '.repeat(100)}y`,
  'æøå ÆØÅ',
  'æ'.repeat(40),
  '密封的邮件 🔏',
  `${'x'.repeat(74)}æ`,
];

describe('quoted-printable', () => {
  it.each([...LINES, LINES.join('\n'), `${LINES.toReversed().join('\n')}\n`])(
    'says %j in lines that may be sent',
    (text) => {
      const encoded = quotedPrintable(text);
      expect(decoded(encoded)).toBe(text);
      for (const line of encoded.split('\r\n')) {
        expect(line.length).toBeLessThanOrEqual(76);
        expect(line).toMatch(/^(?:[ -~]*[!-~])?$/);
      }
    },
  );

  it('leaves plain text as it is', () =>
    expect(quotedPrintable('Dear Anna,\nthe report.')).toBe('Dear Anna,\r\nthe report.'));
});
