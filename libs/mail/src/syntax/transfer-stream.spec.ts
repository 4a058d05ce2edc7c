import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeTransfer } from './transfer-decoding.ts';
import { transferStream } from './transfer-stream.ts';

const UUENCODED = 'begin 644 a\r\n#86)C\r\n#9&5F \r\n`\r\nend\r\n';

describe('a part that comes in pieces', () => {
  it('is decoded to the same bytes as the whole of it', () =>
    fc.assert(
      fc.property(
        fc.constantFrom('base64', 'quoted-printable', 'uuencode', '7bit'),
        fc.array(
          fc.oneof(
            fc.constantFrom(
              '=',
              '==',
              '=3D',
              '=c3=b8',
              '=\r\n',
              '= \t\r\n',
              '=\n',
              '\r\n',
              'YWJj',
              '*',
              ' ',
              UUENCODED,
            ),
            fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('base64')),
          ),
          { maxLength: 12 },
        ),
        fc.integer({ min: 1, max: 40 }),
        (encoding, texts, pieceBytes) => {
          const raw = Buffer.from(texts.join(''));
          const stream = transferStream(encoding);
          const found: Buffer[] = [];
          for (let at = 0; at < raw.length; at += pieceBytes)
            found.push(Buffer.from(stream.push(raw.subarray(at, at + pieceBytes))));
          found.push(stream.end());
          expect(Buffer.concat(found).toString('latin1')).toBe(decodeTransfer(raw, encoding).bytes.toString('latin1'));
        },
      ),
      { numRuns: 1000 },
    ));
});
