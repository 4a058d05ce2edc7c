import { decodeText } from './charsets.ts';

/** 256 KiB: a longer header is not read to its end, by anybody here; the mail itself is sealed as it is (threats.md A34). */
const MAX_HEADER_BYTES = 256 * 1024;
const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

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
  /** Where the body begins in those bytes: behind the empty line, or where the fields end without one. */
  readonly bodyAt: number;
  /** Lines that are no field and no part of one, though fields follow them: as latin1, a line end after each. */
  readonly strayLines: string;
  /** Whether any of its fields is one that mails have. */
  readonly isOfMail: boolean;
  /** Longer than is read. */
  readonly isCut: boolean;
  /** An empty line ends it, or what begins a body: otherwise it may have been cut off. */
  readonly isEnded: boolean;
  private readonly charset: string;

  /**
   * @param bytes begins with the header; what follows it is not looked at
   * @param charset of raw 8-bit bytes in fields, as far as they can be that; '' where the mail names none
   */
  constructor(bytes: Buffer, charset = '') {
    const block = headerBlock(bytes.subarray(0, MAX_HEADER_BYTES));
    this.bodyAt = block.bodyAt;
    this.isOfMail = block.isOfMail;
    this.isEnded = block.isEnded;
    this.isCut = block.bodyAt >= MAX_HEADER_BYTES;
    const { fields, strayLines } = fieldsOf(block.lines);
    this.fields = fields;
    this.strayLines = strayLines;
    const type = fields.find(({ name }) => name === 'content-type')?.value ?? '';
    this.charset = charset || (/;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(type.slice(0, 2000))?.[1] ?? '');
  }

  /** Of a whole mail. */
  static of(mail: Buffer, charset = ''): MailHeader {
    return new MailHeader(mail.subarray(beginningOf(mail)), charset);
  }

  /** The same header, of a mail that names a charset elsewhere. */
  readIn(charset: string): MailHeader {
    if (charset === '' || charset === this.charset) return this;
    return Object.assign(Object.create(MailHeader.prototype) as MailHeader, this, { charset });
  }

  /** The text of the first field of that name; '' for none. Encoded words are still encoded. */
  first(name: string): string {
    const field = this.fields.find((each) => each.name === name);
    return field ? this.unicode(field.value) : '';
  }

  /** The texts of all fields of that name, in order. */
  all(name: string): string[] {
    return this.fields.filter((field) => field.name === name).map(({ value }) => this.unicode(value));
  }

  /** Raw 8-bit bytes in a field, or raw shifts of ISO-2022, have no label: it is decided for each field which charset they are. */
  private unicode(value: string): string {
    return /[\u001b\u0080-\u00ff]/.test(value)
      ? decodeText(Buffer.from(value, 'latin1'), '', [this.charset]).text
      : value;
  }
}

/** Where the header begins: a byte order mark and empty lines in front of it are passed over. */
export function beginningOf(mail: Uint8Array): number {
  let at = BYTE_ORDER_MARK.every((byte, index) => mail[index] === byte) ? BYTE_ORDER_MARK.length : 0;
  while (mail[at] === CR || mail[at] === LF) at++;
  return at;
}

const FIELD = /^([!-9;-~]{1,200})[ \t]*:(.*)$/s;
/** Fields that mails and their parts have: behind a line that is no field, only one of these proves that the header goes on. */
const OF_MAIL =
  /^(?:from|sender|to|cc|bcc|subject|date|in-reply-to|references|comments|keywords|received|importance|priority|precedence|sensitivity|organization|status|lines|path|newsgroups|xref|autocrypt|openpgp|user-agent|(?:accept|apparently|approved|arc|authentication|auto|bounces|content|delivered|disposition|dkim|domainkey|envelope|errors|feedback|list|mail|message|mime|old|original|received|reply|require|resent|return|segl|thread|x)-[!-9;-~]{0,100})[ \t]*:/i;
interface Line {
  readonly text: string;
  /** Where it begins. */
  readonly at: number;
  /** Behind its line end. */
  readonly next: number;
}

/** Lines end in CRLF (with any number of CR), LF, or CR. As latin1, without their ends. */
function* linesOf(bytes: Buffer): Generator<Line> {
  let at = 0;
  while (at < bytes.length) {
    const newline = bytes.indexOf(LF, at);
    const end = newline < 0 ? bytes.length : newline;
    const next = newline < 0 ? end : end + 1;
    const pieces = bytes.toString('latin1', at, end).split('\r');
    let last = pieces.length - 1;
    while (last > 0 && pieces[last] === '') last--; // these CR belong to the LF, or to the end
    if (newline < 0 && last < pieces.length - 1) last = pieces.length - 2;
    for (let piece = 0; piece <= last; piece++) {
      const text = pieces[piece] ?? '';
      const isLast = piece === last;
      yield { text, at, next: isLast && newline >= 0 ? next : Math.min(end, at + text.length + 1) };
      at += text.length + 1;
    }
    at = next;
  }
}

interface HeaderBlock {
  readonly lines: readonly string[];
  readonly bodyAt: number;
  readonly isOfMail: boolean;
  readonly isEnded: boolean;
}

/**
 * A header goes up to the first empty line, or to a line that begins with two hyphens, as only delimiters do. Where that line was
 * lost, or is white space (and nothing behind it is folded), the first line behind the last field of a mail that is none, and no part
 * of one, begins the body.
 */
function headerBlock(bytes: Buffer): HeaderBlock {
  const lines: Line[] = [];
  let bodyAt = bytes.length;
  let lastOfMail = -1;
  let isEnded = false;
  for (const line of linesOf(bytes)) {
    if (line.text === '' || line.text.startsWith('--')) {
      bodyAt = line.text === '' ? line.next : line.at;
      isEnded = true;
      break;
    }
    if (lines.length === 0 && /^>?From .*\d/.test(line.text)) continue; // the line in front of a mail in an mbox
    const isIndented = lines.length === 0 && OF_MAIL.test(line.text.trimStart()); // it can continue nothing
    const text = isIndented ? line.text.trimStart() : line.text;
    if (OF_MAIL.test(text)) lastOfMail = lines.length;
    lines.push(isIndented ? { ...line, text } : line);
  }
  const isOfMail = lastOfMail >= 0;
  for (let index = lastOfMail + 1; index < lines.length; index++) {
    const line = lines[index] as Line;
    const isSeparator = line.text.trim() === '' && !/^[ \t]/.test(lines[index + 1]?.text ?? '');
    if (!isSeparator && (/^[ \t]/.test(line.text) ? index > 0 : FIELD.test(line.text))) continue;
    bodyAt = isSeparator ? line.next : line.at;
    isEnded = true;
    lines.length = index;
  }
  return { lines: lines.map(({ text }) => text), bodyAt, isOfMail, isEnded };
}

/** What continues a line that is no field belongs to it. */
function fieldsOf(lines: readonly string[]): { fields: HeaderField[]; strayLines: string } {
  const fields: { name: string; lines: string[] }[] = [];
  const stray: string[] = [];
  let current = stray;
  for (const line of lines) {
    if (/^[ \t]/.test(line)) {
      if (line.trim() !== '') current.push(line);
      continue;
    }
    const match = FIELD.exec(line);
    current = match ? [match[2] ?? ''] : stray;
    if (match) fields.push({ name: (match[1] ?? '').toLowerCase(), lines: current });
    else stray.push(line);
  }
  return {
    fields: fields.map((field) => ({ name: field.name, value: field.lines.join('').trim() })),
    strayLines: stray.map((line) => `${line}\n`).join(''),
  };
}

/** Takes the header off the front of a mail that comes in pieces, up to the first empty line, and keeps a copy of it. */
export class MailHeaderCollector {
  private readonly pieces: Buffer[] = [];
  private bytes = 0;
  private isWhole = false;
  private tail = '';
  private held = Buffer.alloc(0);

  /** @returns true once the header is whole (or 256 KiB of it are): later pieces are of no interest. */
  push(piece: Uint8Array): boolean {
    if (this.isWhole) return true;
    const bytes = Buffer.concat([this.held, piece]); // a copy: the caller may use its buffer again
    const mayBeMark = this.bytes === 0 && bytes[0] === BYTE_ORDER_MARK[0] && bytes.length < BYTE_ORDER_MARK.length;
    this.held = mayBeMark ? bytes : Buffer.alloc(0);
    if (mayBeMark) return false;
    const from = this.bytes === 0 ? beginningOf(bytes) : 0;
    const wanted = bytes.subarray(from, from + MAX_HEADER_BYTES - this.bytes);
    if (wanted.length === 0) return false;
    this.pieces.push(wanted);
    this.bytes += wanted.length;
    const text = this.tail + wanted.toString('latin1');
    // A CR at the very end may be half of a CRLF: it decides nothing yet.
    this.isWhole = this.bytes >= MAX_HEADER_BYTES || /\n\r*\n|\r\r(?![\r\n]|$)/.test(text);
    this.tail = text.slice(-8);
    return this.isWhole;
  }

  /** Of what came so far. */
  header(): MailHeader {
    return new MailHeader(Buffer.concat([...this.pieces, this.held]));
  }
}
