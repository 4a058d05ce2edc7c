import { decodeText } from './charsets.ts';

/** 256 KiB: a longer header is not read to its end, by anybody here; the mail itself is sealed as it is (threats.md A34). */
const MAX_HEADER_BYTES = 256 * 1024;
const LF = 0x0a;
const CR = 0x0d;

/** A field of a header, unfolded. */
export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** The bytes behind the colon as latin1, line ends removed, white space at both ends too. May hold any other byte. */
  readonly value: string;
}

/**
 * The header of a mail, or of a part of one: the one parser of header fields for what is checked, shown and written. Never throws:
 * what is no field is passed over, and a mail without a header has an empty one.
 */
export class MailHeader {
  readonly fields: readonly HeaderField[];

  /** @param bytes begins with the header; what follows the first empty line is not looked at */
  constructor(bytes: Buffer) {
    this.fields = fieldsOf(bytes.toString('latin1', 0, MAX_HEADER_BYTES));
  }

  /** Of a whole mail. */
  static of(mail: Buffer): MailHeader {
    return new MailHeader(mail.subarray(beginningOf(mail)));
  }

  /** The text of the first field of that name; '' for none. Encoded words are still encoded. */
  first(name: string): string {
    const field = this.fields.find((each) => each.name === name);
    return field ? unicode(field.value) : '';
  }

  /** The texts of all fields of that name, in order. */
  all(name: string): string[] {
    return this.fields.filter((field) => field.name === name).map(({ value }) => unicode(value));
  }
}

/** Where the header begins: empty lines in front of it are passed over. What else may stand there has its place here. */
export function beginningOf(mail: Uint8Array): number {
  let at = 0;
  while (mail[at] === CR || mail[at] === LF) at++;
  return at;
}

/** Raw 8-bit bytes in a field have no label: it is decided for each field which charset they are. */
function unicode(value: string): string {
  return /[\u0080-\u00ff]/.test(value) ? decodeText(Buffer.from(value, 'latin1'), '').text : value;
}

/** Lines end in CRLF, LF or CR. Ends at the first empty line. A line that is no field, and what continues it, belongs to nothing. */
function fieldsOf(header: string): HeaderField[] {
  const fields: { name: string; lines: string[] }[] = [];
  let current: string[] = [];
  const lines = header.split(/\r\n|\n|\r/);
  if (/^From .*\d/.test(lines[0] ?? '')) lines.shift(); // the line in front of a mail in an mbox
  for (const line of lines) {
    if (line === '') break;
    if (/^[ \t]/.test(line)) {
      if (line.trim() !== '') current.push(line);
      continue;
    }
    current = [];
    const match = /^([!-9;-~]{1,200})[ \t]*:(.*)$/s.exec(line);
    if (!match) continue;
    current.push(match[2] ?? '');
    fields.push({ name: (match[1] ?? '').toLowerCase(), lines: current });
  }
  return fields.map(({ name, lines }) => ({ name, value: lines.join('').trim() }));
}

/** Takes the header off the front of a mail that comes in pieces, up to the first empty line, and keeps a copy of it. */
export class MailHeaderCollector {
  private readonly pieces: Buffer[] = [];
  private bytes = 0;
  private isWhole = false;
  private tail = '';

  /** @returns true once the header is whole (or 256 KiB of it are): later pieces are of no interest. */
  push(piece: Uint8Array): boolean {
    if (this.isWhole) return true;
    const from = this.bytes === 0 ? beginningOf(piece) : 0;
    const wanted = Buffer.from(piece.subarray(from, from + MAX_HEADER_BYTES - this.bytes));
    if (wanted.length === 0) return false;
    this.pieces.push(wanted);
    this.bytes += wanted.length;
    const text = this.tail + wanted.toString('latin1');
    // A CR at the very end may be half of a CRLF: it decides nothing yet.
    this.isWhole = this.bytes >= MAX_HEADER_BYTES || /\r\n\r\n|\n\n|\r\r(?!$)|\n\r\n/.test(text);
    this.tail = text.slice(-3);
    return this.isWhole;
  }

  /** Of what came so far. */
  header(): MailHeader {
    return new MailHeader(Buffer.concat(this.pieces));
  }
}
