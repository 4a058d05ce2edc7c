import { MailHeader } from '../syntax/header-fields.ts';
import { fieldWithParameters, fileNameOf } from '../syntax/parameters.ts';
import { transferStream } from '../syntax/transfer-stream.ts';
import type { TransferStream } from '../syntax/transfer-stream.ts';
import { joinedPieces } from './joined-pieces.ts';
import { MessagePageScanner } from './message-page-scanner.ts';
import { NotACarrier } from './not-a-carrier.ts';

const NOTHING = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;
const HYPHEN = 0x2d;
const BOUNDARY_AHEAD = Buffer.from('\n--');
/** 256 KiB for the header of the mail, and of each part. */
const MAX_HEADER_BYTES = 256 * 1024;
/** A header of more lines is read up to there: each takes over a microsecond of the thread that serves everybody, however short it is. */
const MAX_HEADER_LINES = 8192;
/** 2 MiB for all headers together, mails within mails included: fields cost far more time than bodies do. */
const MAX_ALL_HEADER_BYTES = 2 * 1024 * 1024;
/** 64 KiB without a line end: no line of a header, and of a body it is handed on as it comes. */
const MAX_HELD_BYTES = 64 * 1024;
const MAX_PARTS = 1000;
/** Multiparts within each other: twenty mails forwarded in one another, each in one or two. */
const MAX_DEPTH = 50;
/** Mails inside mails that are themselves encoded. */
const MAX_NESTED_WALKERS = 8;
const MAX_DELIMITER = 1000;

type Leaf = {
  readonly transfer: TransferStream;
  readonly content: MessagePageScanner | MailPartWalker;
};

/**
 * Walks through a mail file as it comes, and looks into each part for our page: wherever a gateway or a forwarding person has
 * put it, however it is encoded by now. Where parts and their headers begin and end, it decides as the reader of mails does
 * (`reading/part-splitter.ts`, which has the whole mail before it). Forgiving: what it does not understand it passes over. Parts that are
 * no page of ours cost one look at their beginning.
 */
export class MailPartWalker {
  private readonly maxCiphertextBytes: number;
  private readonly nesting: number;
  private readonly allowance: { headerBytes: number };
  private held: Buffer[] = [];
  private heldBytes = 0;
  private readonly boundaries: string[] = [];
  private header: Buffer[] | null = [];
  private headerBytes = 0;
  private leaf: Leaf | null = null;
  private parts = 0;
  private isMidLine = false;
  private isWhole = false;
  /** The header of the mail itself is one, whatever its fields are. */
  private isFirstHeader = true;
  /** Lines end in CR alone; null until that shows. */
  private hasLoneReturns: boolean | null = null;

  constructor(maxCiphertextBytes: number, nesting = 0, allowance = { headerBytes: MAX_ALL_HEADER_BYTES }) {
    this.maxCiphertextBytes = maxCiphertextBytes;
    this.nesting = nesting;
    this.allowance = allowance;
  }

  get progress(): 'before' | 'within' | 'behind' {
    if (this.isWhole) return 'behind';
    return this.leaf?.content.progress === 'within' ? 'within' : 'before';
  }

  /** @throws NotACarrier */
  push(bytes: Buffer): Buffer {
    if (this.isWhole || bytes.length === 0) return NOTHING;
    this.hasLoneReturns ??= endsLinesInReturns(bytes);
    const piece = this.hasLoneReturns ? withLineFeeds(bytes) : bytes;
    const lastLineEnd = piece.lastIndexOf(LF);
    if (lastLineEnd < 0 && this.heldBytes + piece.length <= MAX_HELD_BYTES) {
      this.hold(piece);
      return NOTHING;
    }
    const found: Buffer[] = [];
    if (lastLineEnd < 0) {
      this.line(this.release(piece), found, true);
    } else {
      // The one line that is held is completed by itself: the rest of the piece is looked at where it lies, not copied.
      const wholeFrom = this.held.length === 0 ? 0 : piece.indexOf(LF) + 1;
      if (wholeFrom > 0) this.lines(this.release(piece.subarray(0, wholeFrom)), found);
      if (!this.isWhole) this.lines(piece.subarray(wholeFrom, lastLineEnd + 1), found);
      this.hold(piece.subarray(lastLineEnd + 1));
    }
    return joinedPieces(found);
  }

  /** @throws NotACarrier when there was none, or not the whole of one */
  end(): Buffer {
    const found: Buffer[] = [];
    const last = this.release(NOTHING);
    if (!this.isWhole && last.length > 0) this.lines(last, found);
    if (!this.isWhole) this.endPart(found);
    if (!this.isWhole && this.nesting === 0) throw new NotACarrier('no-carrier');
    return joinedPieces(found);
  }

  private hold(piece: Buffer): void {
    if (piece.length === 0) return;
    this.held.push(Buffer.from(piece)); // a copy: the caller may use its buffer again
    this.heldBytes += piece.length;
  }

  private release(next: Buffer): Buffer {
    const all = this.held.length === 0 ? next : Buffer.concat([...this.held, next]);
    this.held = [];
    this.heldBytes = 0;
    return all;
  }

  /** Whole lines, the last one maybe without its end. Lines of a body that cannot be boundaries are handed on together. */
  private lines(bytes: Buffer, found: Buffer[]): void {
    let runStart = 0;
    let start = 0;
    while (start < bytes.length && !this.isWhole) {
      const isPlainBody =
        this.header === null && (this.isMidLine || bytes[start] !== HYPHEN || bytes[start + 1] !== HYPHEN);
      // Of a body, all lines up to one that may be a boundary: looking at each leaves 150 bytes to the collector.
      const lineEnd = bytes.indexOf(isPlainBody ? BOUNDARY_AHEAD : LF, start);
      const next = lineEnd < 0 ? bytes.length : lineEnd + 1;
      if (!isPlainBody) {
        this.body(bytes.subarray(runStart, start), found);
        if (!this.isWhole) this.line(bytes.subarray(start, next), found, false);
        runStart = next;
      }
      this.isMidLine = false;
      start = next;
    }
    if (!this.isWhole) this.body(bytes.subarray(runStart), found);
  }

  private line(line: Buffer, found: Buffer[], goesOn: boolean): void {
    const startsWithin = this.isMidLine;
    this.isMidLine = goesOn;
    if (!startsWithin && !goesOn && line[0] === HYPHEN && line[1] === HYPHEN) {
      if (this.isBoundary(line, found)) return;
      if (this.header !== null) this.endHeader(found); // no field begins so: it is the first delimiter, or the body has begun
      if (this.isWhole || this.isBoundary(line, found)) return;
    }
    if (this.header === null) return this.body(line, found);
    this.headerBytes += line.length;
    this.allowance.headerBytes -= line.length;
    if (this.allowance.headerBytes < 0) throw new NotACarrier('no-carrier');
    this.header.push(Buffer.from(line));
    const isEmpty = line.length <= 2 && line.toString('latin1').trim() === '';
    const isLong = this.headerBytes > MAX_HEADER_BYTES || this.header.length >= MAX_HEADER_LINES;
    if (isEmpty || goesOn || isLong) this.endHeader(found);
    this.isMidLine = goesOn;
  }

  private isBoundary(line: Buffer, found: Buffer[]): boolean {
    if (this.boundaries.length === 0 || line.length > MAX_DELIMITER) return false;
    const text = line.toString('latin1', 2).trimEnd();
    const exact = this.boundaries.lastIndexOf(text);
    const closing = exact < 0 && text.endsWith('--') ? this.boundaries.lastIndexOf(text.slice(0, -2).trimEnd()) : -1;
    const level = Math.max(exact, closing);
    if (level < 0) return false;
    this.endPart(found);
    if (this.isWhole) return true;
    this.boundaries.length = level + 1;
    if (exact >= 0) this.beginPart();
    // behind the closing one its multipart may go on; the next one that is like it is that of the multipart around
    else if (this.boundaries.indexOf(this.boundaries[level] ?? '') < level) this.boundaries.pop();
    return true;
  }

  private beginPart(): void {
    if (++this.parts > MAX_PARTS) throw new NotACarrier('no-carrier');
    this.header = [];
    this.headerBytes = 0;
  }

  private endPart(found: Buffer[]): void {
    if (this.header !== null) this.endHeader(found); // a part without its empty line
    this.endLeaf(found);
    this.header = null;
  }

  /** What was held for a header may go on into the body: then that is looked at as lines once more. */
  private endHeader(found: Buffer[]): void {
    const bytes = Buffer.concat(this.header ?? []);
    const given = new MailHeader(bytes);
    const isHeader = this.isFirstHeader || given.isOfMail || given.fields.length === 0;
    this.isFirstHeader = false;
    this.header = null;
    this.beginBody(isHeader ? given : new MailHeader(NOTHING));
    const rest = bytes.subarray(isHeader ? given.bodyAt : 0);
    if (rest.length === 0) return;
    this.isMidLine = false;
    this.lines(rest, found);
  }

  private beginBody(header: MailHeader): void {
    const type = fieldWithParameters(header.first('content-type'));
    const disposition = fieldWithParameters(header.first('content-disposition'));
    const encoding = fieldWithParameters(header.first('content-transfer-encoding')).value;
    const boundary = (type.parameters.get('boundary') ?? '').trimEnd();
    if (type.value.startsWith('multipart/') && boundary !== '') {
      this.boundaries.push(boundary);
      if (this.boundaries.length > MAX_DEPTH) throw new NotACarrier('no-carrier');
      return;
    }
    const name = (fileNameOf(disposition, type) ?? '').toLowerCase();
    const isMail = type.value === 'message/rfc822' || name.endsWith('.eml');
    if (isMail && encoding !== 'base64' && encoding !== 'quoted-printable') {
      this.isFirstHeader = true;
      return this.beginPart();
    }
    const isNested = isMail && this.nesting < MAX_NESTED_WALKERS;
    this.leaf = {
      transfer: transferStream(encoding),
      content: isNested
        ? new MailPartWalker(this.maxCiphertextBytes, this.nesting + 1, this.allowance)
        : new MessagePageScanner(this.maxCiphertextBytes),
    };
  }

  private body(bytes: Buffer, found: Buffer[]): void {
    const { leaf } = this;
    if (!leaf || bytes.length === 0 || leaf.content.progress === 'nothing-here') return;
    try {
      this.feed(leaf, leaf.transfer.push(bytes), found);
    } catch (error) {
      this.passOver(error);
    }
  }

  private endLeaf(found: Buffer[]): void {
    const { leaf } = this;
    if (!leaf) return;
    try {
      this.feed(leaf, leaf.transfer.end(), found);
      if (!this.isWhole) {
        found.push(leaf.content.end());
        this.isWhole = leaf.content.progress === 'behind';
      }
    } catch (error) {
      this.passOver(error);
    }
    this.leaf = null;
  }

  private feed({ content }: Leaf, bytes: Buffer, found: Buffer[]): void {
    found.push(content.push(bytes));
    this.isWhole = content.progress === 'behind';
  }

  /** A part that is broken in itself is none of our business, unless the ciphertext had begun in it. */
  private passOver(error: unknown): void {
    const progress = this.leaf?.content.progress;
    if (!(error instanceof NotACarrier) || error.reason === 'too-large') throw error;
    if (progress === 'within' || progress === 'behind') throw error;
    if (error.reason === 'cut-short') throw error;
    this.leaf = null;
  }
}

/** As mails of old Macs do, and of gateways. @returns null where it does not show yet */
function endsLinesInReturns(bytes: Buffer): boolean | null {
  if (bytes.includes(LF)) return false;
  const first = bytes.indexOf(CR);
  return first < 0 || first === bytes.length - 1 ? null : true;
}

function withLineFeeds(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(CR); at >= 0; at = copy.indexOf(CR, at + 1)) copy[at] = LF;
  return copy;
}
