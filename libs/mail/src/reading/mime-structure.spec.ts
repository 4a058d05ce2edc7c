import { describe, expect, it } from '@jest/globals';
import { mailShapes } from '../testing/mail-shapes.ts';
import { mimeStructure } from './mime-structure.ts';
import type { MimePart } from './mime-structure.ts';
import { READING_LIMITS } from './reading-limits.ts';

const structureOf = (mail: Buffer): ReturnType<typeof mimeStructure> => mimeStructure(mail, READING_LIMITS.parts);
const bodies = (part: MimePart): Buffer[] => (part.children.length === 0 ? [part.body] : part.children.flatMap(bodies));

describe('taking a mail apart', () => {
  it('points into the mail instead of copying it', async () => {
    const [shape] = mailShapes().filter(({ name }) => name === 'one-large-attachment');
    const mail = Buffer.from(shape?.bytes ?? '');
    const found = bodies(structureOf(mail).root);
    expect(found.every(({ buffer }) => buffer === mail.buffer)).toBe(true);
  });

  const big = 'A'.repeat(76) + '\r\n';
  const attachment = (lines: number, last = ''): string =>
    `--b\r\nContent-Type: application/zip\r\n\r\n${big.repeat(lines)}${last}`;
  it.each([
    ['one long part', attachment(40_000), [40_000 * 78 - 2]],
    [
      'a long part between short ones',
      `--b\r\n\r\nhi\r\n${attachment(40_000)}--b\r\n\r\nend\r\n`,
      [2, 40_000 * 78 - 2, 3],
    ],
    ['two long parts', `${attachment(30_000)}${attachment(50_000)}`, [30_000 * 78 - 2, 50_000 * 78 - 2]],
    ['a long part of bare LF', `--b\n\n${'x\n'.repeat(2_000_000)}`, [3_999_999]],
    [
      'dashes that are no delimiter in between',
      `--b\r\n\r\n${big.repeat(30_000)}--c\r\n${big.repeat(30_000)}`,
      [60_000 * 78 + 5 - 2],
    ],
    ['a long line without end', `--b\r\n\r\n${'x'.repeat(3_000_000)}\r\n`, [3_000_000]],
    ['a long preamble', `${big.repeat(40_000)}--b\r\n\r\nhi\r\n`, [2]],
    ['a long last line', attachment(40_000, `${'y'.repeat(100_000)}\r\n`), [40_000 * 78 + 100_000]],
  ])('finds the same parts when it skips over %s', async (_name, body, lengths) => {
    const mail = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${body}--b--\r\n`);
    expect(bodies(structureOf(mail).root).map(({ length }) => length)).toEqual(lengths);
  });

  it('keeps the parts that came before a limit', async () => {
    const many = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(5000)}`);
    const { root, isTruncated } = structureOf(many);
    expect([isTruncated, root.children.length > 900, root.children.length <= 1000]).toEqual([true, true, true]);
  });
});
