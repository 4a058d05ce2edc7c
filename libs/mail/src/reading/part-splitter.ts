import { MailHeader } from '../syntax/header-fields.ts';
import { fieldWithParameters } from '../syntax/parameters.ts';
import type { FieldWithParameters } from '../syntax/parameters.ts';

/** A node of a MIME tree by where it lies: nothing is decoded or copied. */
export interface SplitPart {
  readonly header: MailHeader;
  /** The bytes of the header, with the empty line behind it; none where a part has none. */
  readonly head: Buffer;
  /** Of Content-Type. */
  readonly type: FieldWithParameters;
  readonly isMultipart: boolean;
  readonly children: SplitPart[];
  /** What stands in a multipart before, between and behind its parts. */
  readonly outside: Buffer[];
  /** Of a leaf, or of a multipart in which no part was found. */
  body: Buffer;
  /** From its header to the delimiter behind it. */
  whole: Buffer;
}

export interface SplitMail {
  readonly root: SplitPart;
  /** More parts, or a longer header, than the limits allow: what came before stands. */
  readonly isTruncated: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const HYPHEN = 0x2d;
const DELIMITER_AHEAD = Buffer.from('\n--');
/** RFC 2046 §5.1.1 lets a boundary have 70 characters; longer ones are met. White space may follow. */
const MAX_DELIMITER = 1000;

/**
 * Cuts a mail at its delimiters (RFC 2046 §5.1), found by the native search for lines that begin with two hyphens, in time that follows
 * the mail's size. Forgiving where nothing becomes ambiguous: white space behind a boundary counts nowhere, in its parameter neither;
 * a part may have no empty line, and none at all of a header; a delimiter behind the closing one goes on; one of an outer multipart
 * closes what is open within.
 */
export function splitMail(bytes: Buffer, maxParts: number): SplitMail {
  return new Split(bytes, maxParts).run();
}

interface Open {
  readonly part: SplitPart;
  readonly boundary: string;
}

class Split {
  private readonly bytes: Buffer;
  private readonly maxParts: number;
  /** Multiparts whose delimiters count, the innermost last. */
  private readonly open: Open[] = [];
  /** Of each boundary, the places in `open` where it stands. */
  private readonly levels = new Map<string, number[]>();
  private parts = 0;
  private isTruncated = false;
  /** What the bytes from `from` on belong to: a part, or what stands in a multipart outside of its parts. */
  private current!: SplitPart;
  private isOutside = false;
  private from = 0;

  constructor(bytes: Buffer, maxParts: number) {
    this.bytes = bytes;
    this.maxParts = maxParts;
  }

  run(): SplitMail {
    const root = this.begin(0);
    let line = this.from;
    while (line < this.bytes.length) {
      if (this.bytes[line] === HYPHEN && this.bytes[line + 1] === HYPHEN) {
        const next = this.delimiter(line);
        if (this.isTruncated) return { root, isTruncated: true };
        if (next >= 0) {
          line = next;
          continue;
        }
      }
      if (this.open.length === 0) break; // nothing can be cut any more
      const ahead = this.bytes.indexOf(DELIMITER_AHEAD, line);
      if (ahead < 0) break;
      line = ahead + 1;
    }
    this.endAt(this.bytes.length);
    return { root, isTruncated: this.isTruncated };
  }

  /** A part begins: its header is read, and where it is a multipart its boundary counts from here on. */
  private begin(at: number): SplitPart {
    const rest = this.bytes.subarray(at);
    const header = new MailHeader(rest);
    const isHeader = at === 0 || header.isOfMail || header.fields.length === 0;
    const own = isHeader ? header : new MailHeader(Buffer.alloc(0)); // words with a colon, without the header that a part may lack
    const type = fieldWithParameters(own.first('content-type'));
    const boundary = (type.parameters.get('boundary') ?? '').trimEnd();
    const isMultipart = type.value.startsWith('multipart/');
    const part: SplitPart = {
      header: own,
      head: rest.subarray(0, isHeader ? header.bodyAt : 0),
      type,
      isMultipart,
      children: [],
      outside: [],
      body: rest.subarray(0, 0),
      whole: rest,
    };
    this.parts++;
    this.isTruncated ||= header.isCut;
    const around = this.open.at(-1)?.part;
    if (around) {
      if (around.children.length === 0) around.outside.push(around.body); // stood in front of the first part
      around.body = rest.subarray(0, 0);
      around.children.push(part);
    }
    if (isMultipart && boundary !== '') {
      this.levels.set(boundary, [...(this.levels.get(boundary) ?? []), this.open.length]);
      this.open.push({ part, boundary });
    }
    this.current = part;
    this.isOutside = false;
    this.from = at + (isHeader ? header.bodyAt : 0);
    return part;
  }

  /** @returns where the next line to look at begins, or -1 where this line is no delimiter */
  private delimiter(at: number): number {
    const newline = this.bytes.indexOf(LF, at);
    const end = newline < 0 ? this.bytes.length : newline;
    if (end - at > MAX_DELIMITER) return -1;
    const text = this.bytes.toString('latin1', at + 2, end).trimEnd();
    const isExact = this.levels.has(text);
    const boundary = isExact || !text.endsWith('--') ? text : text.slice(0, -2).trimEnd();
    const level = this.levels.get(boundary)?.at(-1);
    if (level === undefined) return -1;
    this.endAt(this.beforeLineEnd(at));
    this.endWhole(level, this.beforeLineEnd(at));
    while (this.open.length > level + 1) this.forget();
    const next = newline < 0 ? end : newline + 1;
    if (!isExact) {
      this.current = (this.open[level] as Open).part;
      this.isOutside = true;
      this.from = next;
      if ((this.levels.get(boundary)?.length ?? 0) > 1) this.forget(); // the next one like it is that of the multipart around
      return next;
    }
    if (this.parts >= this.maxParts) {
      this.isTruncated = true;
      return next;
    }
    this.begin(next);
    return this.from;
  }

  /** The last part of that multipart ends, and the last ones within it: where that did not show before. */
  private endWhole(level: number, end: number): void {
    let part = this.open[level]?.part.children.at(-1);
    for (; part; part = part.children.at(-1)) {
      const { byteOffset } = part.whole;
      const length = this.bytes.byteOffset + end - byteOffset;
      if (length < part.whole.length) part.whole = part.whole.subarray(0, Math.max(0, length));
    }
  }

  private forget(): void {
    const boundary = this.open.pop()?.boundary ?? '';
    const levels = this.levels.get(boundary) ?? [];
    levels.pop();
    if (levels.length === 0) this.levels.delete(boundary);
  }

  /** What is open ends before `end`: the line end in front of a delimiter belongs to the delimiter. */
  private endAt(end: number): void {
    const bytes = this.bytes.subarray(this.from, Math.max(this.from, end));
    if (this.isOutside || this.current.children.length > 0) this.current.outside.push(bytes);
    else this.current.body = bytes;
  }

  private beforeLineEnd(at: number): number {
    if (at === 0 || this.bytes[at - 1] !== LF) return at;
    return this.bytes[at - 2] === CR ? at - 2 : at - 1;
  }
}
