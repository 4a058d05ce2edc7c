import type { Transform, TransformCallback } from 'node:stream';

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

/** nodemailer's stream of a mail's data: makes every line end CRLF, doubles a dot in front of a line, and ends with a dot. */
export interface DotStuffing extends Transform {
  inByteCount: number;
  outByteCount: number;
  /** Of what went through; false before the first. */
  lastByte: number | false;
}

/**
 * Lets what it would not change go by: looked for by native code, where the stream itself looks at one octet after the other.
 *
 * @param onCopy gets what goes out in place of a piece that had to be changed: a copy, of which only the stream knows otherwise
 */
export function passWholePieces(stream: DotStuffing, onCopy?: (copy: Buffer) => void): DotStuffing {
  const stuffed = stream._transform.bind(stream);
  const push = stream.push.bind(stream);
  stream._transform = (piece: Buffer, encoding: BufferEncoding, done: TransformCallback) => {
    if (!Buffer.isBuffer(piece) || !staysAsItIs(piece, stream.lastByte)) {
      stream.push = (chunk: unknown) => {
        if (Buffer.isBuffer(chunk) && chunk !== piece) onCopy?.(chunk);
        return push(chunk);
      };
      stuffed(piece, encoding, done);
      stream.push = push;
      return;
    }
    stream.inByteCount += piece.length;
    stream.outByteCount += piece.length;
    stream.lastByte = piece.at(-1) ?? stream.lastByte;
    done(null, piece);
  };
  return stream;
}

/** Whether a piece of a mail has whole line ends alone and no dot in front of a line. @param lastByte in front of it; false: it is the first */
export function staysAsItIs(piece: Buffer, lastByte: number | false): boolean {
  const beginsLine = lastByte === false || lastByte === LF;
  if (lastByte === CR || piece.length === 0 || (beginsLine && piece[0] === DOT)) return false;
  for (let from = 0; ;) {
    const cr = piece.indexOf(CR, from);
    const lf = piece.indexOf(LF, from);
    if (cr < 0 && lf < 0) return true;
    if (lf !== cr + 1 || cr < 0 || piece[lf + 1] === DOT) return false;
    from = lf + 1;
  }
}
