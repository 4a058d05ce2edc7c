import { describe, expect, it } from '@jest/globals';
import { Transform } from 'node:stream';
import { passWholePieces, staysAsItIs } from './whole-lines.ts';
import type { DotStuffing } from './whole-lines.ts';

/** RFC 5321 §4.5.2, one octet after the other: what is written for a piece. */
function stuffed(piece: Buffer, before: number | false): Buffer {
  const out: number[] = [];
  let last: number | false = before;
  for (const octet of piece) {
    if (last === 0x0d && octet !== 0x0a) out.push(0x0a);
    if (octet === 0x0a && last !== 0x0d) out.push(0x0d);
    const beginsLine = last === false || last === 0x0a || (last === 0x0d && octet !== 0x0a);
    if (octet === 0x2e && beginsLine) out.push(0x2e);
    out.push(octet);
    last = octet;
  }
  return Buffer.from(out);
}

/** Every text of up to `length` of what matters: a dot, a letter, and both halves of a line end. */
function* texts(length: number): Generator<string> {
  yield '';
  if (length === 0) return;
  for (const rest of texts(length - 1)) for (const first of '.a\r\n') yield first + rest;
}

describe('pieces of a mail on their way out', () => {
  it('go by unseen only where stuffing dots and line ends would change nothing', () => {
    let unchanged = 0;
    for (const text of texts(6)) {
      for (const before of [false, 0x0d, 0x0a, 0x2e, 0x61] as const) {
        const piece = Buffer.from(text);
        if (!staysAsItIs(piece, before)) continue;
        unchanged++;
        expect(stuffed(piece, before).equals(piece)).toBe(true);
        expect(piece.at(-1)).not.toBe(0x0d); // what comes behind it could still make it another one
      }
    }
    expect(unchanged).toBeGreaterThan(100);
  });

  it.each([
    ['a line of a carrier', 'abc\r\ndef\r\n'],
    ['no line end at all', 'abc'],
    ['empty lines', '\r\n\r\n'],
    ['a dot within a line', 'a.b\r\nc.\r\n'],
  ])('go by: %s', (_, text) => expect(staysAsItIs(Buffer.from(text), 0x0a)).toBe(true));

  it('leave the rest to the stream, which knows what went by', async () => {
    const seen: (number | false)[] = [];
    const stream = Object.assign(new Transform(), {
      inByteCount: 0,
      outByteCount: 0,
      lastByte: false as number | false,
    });
    stream._transform = (piece: Buffer, _, done) => {
      seen.push(stream.lastByte);
      done(null, Buffer.concat([Buffer.from('.'), piece]));
    };
    const copies: string[] = [];
    const patched = passWholePieces(stream as DotStuffing, (copy) => copies.push(copy.toString()));
    patched.write('abc\r\n');
    patched.end('.def\r\n');
    expect(Buffer.concat(await Array.fromAsync(patched as AsyncIterable<Buffer>)).toString()).toBe('abc\r\n..def\r\n');
    expect(seen).toEqual([0x0a]);
    expect(copies).toEqual(['..def\r\n']);
    expect(patched).toMatchObject({ inByteCount: 5, outByteCount: 5 });
  });
});
