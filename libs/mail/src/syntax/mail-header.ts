/** 256 KiB: a longer header is not read to its end; the mail itself is sealed as it is (security.md A34). */
const MAX_HEADER_BYTES = 256 * 1024;

/** A field of a header, unfolded. */
export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** The bytes behind the colon as latin1, line ends removed, white space at both ends too. May hold any other byte. */
  readonly value: string;
}

/**
 * Takes the header off the front of a mail that comes in pieces, up to the first empty line, whatever the line ends (CRLF, LF or
 * CR), and keeps a copy of it. Never throws: a mail without a header has an empty one.
 */
export class MailHeaderCollector {
  private readonly pieces: Buffer[] = [];
  private bytes = 0;
  private isWhole = false;
  private tail = '';

  /** @returns true once the header is whole (or 256 KiB of it are): later pieces are of no interest. */
  push(piece: Uint8Array): boolean {
    if (this.isWhole) return true;
    const wanted = Buffer.from(piece.subarray(0, MAX_HEADER_BYTES - this.bytes));
    this.pieces.push(wanted);
    this.bytes += wanted.length;
    const text = this.tail + wanted.toString('latin1');
    // A CR at the very end may be half of a CRLF: it decides nothing yet.
    this.isWhole =
      this.bytes >= MAX_HEADER_BYTES ||
      /\r\n\r\n|\n\n|\r\r(?!$)|\n\r\n/.test(text) ||
      /^(\r\n|\n)/.test(this.firstBytes());
    this.tail = text.slice(-3);
    return this.isWhole;
  }

  /** What came so far, with whatever follows it in the last piece. */
  header(): Buffer {
    return Buffer.concat(this.pieces);
  }

  private firstBytes(): string {
    return this.pieces.find((piece) => piece.length > 0)?.toString('latin1', 0, 2) ?? '';
  }
}

/** Ends at the first line that is no field: an empty one, or the body of a mail that has no empty line. */
export function parseHeaderFields(header: Buffer): HeaderField[] {
  const fields: { name: string; lines: string[] }[] = [];
  const lines = header.toString('latin1', 0, MAX_HEADER_BYTES).split(/\r\n|\n|\r/);
  if (/^From .*\d/.test(lines[0] ?? '')) lines.shift(); // the line in front of a mail in an mbox
  for (const line of lines) {
    const last = fields.at(-1);
    if (/^[ \t]/.test(line) && last) {
      if (line.trim() !== '') last.lines.push(line);
      continue;
    }
    const match = /^([!-9;-~]{1,200})[ \t]*:(.*)$/s.exec(line);
    if (!match) break;
    fields.push({ name: (match[1] ?? '').toLowerCase(), lines: [match[2] ?? ''] });
  }
  return fields.map(({ name, lines }) => ({ name, value: lines.join('').trim() }));
}
