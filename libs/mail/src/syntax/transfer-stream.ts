import { Base64Quanta, decodeTransfer, MAX_PADDED_PIECES } from './transfer-decoding.ts';

const NOTHING = Buffer.alloc(0);
const LF = 0x0a;
/** What is held back of quoted-printable: half an escape, or a soft line break with the white space that some add before it. */
const OPEN = /^=(?:[0-9A-Fa-f]?|[ \t]*\r?)$/;
const MAX_OPEN = 100;

/** `decodeTransfer` for a part that comes in pieces: the same bytes, whatever the pieces. */
export interface TransferStream {
  /** @returns what is decoded so far, maybe within the memory of the piece */
  push(piece: Buffer): Buffer;
  end(): Buffer;
}

/** @param encoding as for `decodeTransfer`; an unknown one is taken as none */
export function transferStream(encoding: string): TransferStream {
  switch (encoding) {
    case 'base64':
      return new Base64Stream();
    case 'quoted-printable':
      return new HoldingStream(encoding, closedQuotedPrintable);
    case 'x-uuencode':
    case 'x-uue':
    case 'uuencode':
      return new HoldingStream(encoding, (bytes) => bytes.lastIndexOf(LF) + 1);
    default:
      return { push: (piece) => piece, end: () => NOTHING };
  }
}

class Base64Stream implements TransferStream {
  private readonly quanta = new Base64Quanta();
  private paddedPieces = 0;

  push(piece: Buffer): Buffer {
    const [first = '', ...behindPadding] = piece.toString('latin1').split(/=+/);
    const letters = [this.quanta.whole(first)];
    for (const text of behindPadding) {
      if (++this.paddedPieces < MAX_PADDED_PIECES) letters.push(this.quanta.rest());
      letters.push(this.quanta.whole(text));
    }
    return Buffer.concat(letters.map((each) => Buffer.from(each, 'base64')));
  }

  end(): Buffer {
    return Buffer.from(this.quanta.rest(), 'base64');
  }
}

/** Decodes as far as pieces can be cut, and holds the rest back. */
class HoldingStream implements TransferStream {
  private readonly encoding: string;
  private readonly closedUpTo: (bytes: Buffer) => number;
  private held = NOTHING;

  constructor(encoding: string, closedUpTo: (bytes: Buffer) => number) {
    this.encoding = encoding;
    this.closedUpTo = closedUpTo;
  }

  push(piece: Buffer): Buffer {
    const bytes = this.held.length === 0 ? piece : Buffer.concat([this.held, piece]);
    const closed = this.closedUpTo(bytes);
    this.held = Buffer.from(bytes.subarray(closed)); // a copy: the caller may use its buffer again
    return decodeTransfer(bytes.subarray(0, closed), this.encoding).bytes;
  }

  end(): Buffer {
    const last = decodeTransfer(this.held, this.encoding).bytes;
    this.held = NOTHING;
    return last;
  }
}

function closedQuotedPrintable(bytes: Buffer): number {
  const window = Math.max(0, bytes.length - MAX_OPEN);
  const text = bytes.toString('latin1', window);
  let open = text.lastIndexOf('=');
  if (open < 0 || !OPEN.test(text.slice(open))) return bytes.length;
  // An equals sign before another one is damage, and text: cut between the two it would look like a soft line break.
  for (;;) {
    const before = /=[ \t]*$/.exec(text.slice(0, open));
    if (!before) return window + open;
    open = before.index;
  }
}
