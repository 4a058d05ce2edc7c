import { MailHeader } from '../syntax/header-fields.ts';
import { decodeText } from '../syntax/charsets.ts';
import { decodedLength, decodeTransfer } from '../syntax/transfer-decoding.ts';
import { uuencodedIn } from '../syntax/uuencoded-text.ts';
import { explain } from './envelopes/explain.ts';
import type { Explanation } from './envelopes/explanation.ts';
import { openEnvelopes } from './envelopes/open-envelopes.ts';
import type { TrustedAuthorities } from './envelopes/smime-trust.ts';
import { safeFileName } from './file-name.ts';
import { scanHtml } from './html-scan.ts';
import { EMPTY_PART, mimeStructure } from './mime-structure.ts';
import type { MimePart } from './mime-structure.ts';
import { outsideText } from './outside-text.ts';
import { READING_LIMITS } from './reading-limits.ts';
import type { ReadingLimits } from './reading-limits.ts';
import type { ReadingNote } from './readable-mail.ts';

/** A part that is listed for download; `index` counts every part of the whole mail in order, nested messages included. */
export interface FoundAttachment {
  readonly index: number;
  readonly part: MimePart;
  readonly filename: string;
  readonly mediaType: string;
}

export interface FoundMessage {
  readonly index: number;
  readonly part: MimePart;
  readonly filename: string;
  readonly message: Message;
}

/** One message taken apart: what is shown as its body, in order, and what is not. */
export interface Message {
  readonly header: MailHeader;
  readonly rich: readonly MimePart[];
  /** The same for readers of text: where there are alternatives, the one without HTML. */
  readonly plain: readonly MimePart[];
  readonly attachments: readonly FoundAttachment[];
  readonly nested: readonly FoundMessage[];
  readonly explanations: readonly Explanation[];
  readonly notes: Set<ReadingNote>;
}

interface Views {
  readonly rich: MimePart[];
  readonly plain: MimePart[];
}

const NESTED_TYPES = new Set(['message/rfc822', 'message/global', 'message/news']);
/** Shown as text within the message: what mail servers and people write for people. */
const SHOWN_AS_TEXT = new Set([
  'text/plain',
  'text/enriched',
  'text/markdown',
  'text/rfc822-headers',
  'text/x-patch',
  'text/x-diff',
  'message/delivery-status',
  'message/global-delivery-status',
  'message/disposition-notification',
  'message/feedback-report',
]);
const HTML_TYPES = new Set(['text/html', 'application/xhtml+xml']);
/** A named text beside the message's own words is read there up to this many bytes; a log of megabytes is a file. */
const MAX_READ_AMONG_OTHERS = 32 * 1024;
/** In one text: with more, it is left as it is. */
const MAX_UUENCODED = 100;

/** Takes a mail and everything within it apart. The same bytes and limits give the same indexes, whoever asks. */
export class MailTaker {
  private readonly limits: ReadingLimits;
  private readonly authorities: TrustedAuthorities;
  private nextIndex = 0;
  private partsLeft: number;
  private messagesLeft: number;

  constructor(limits: ReadingLimits, authorities: TrustedAuthorities = []) {
    this.limits = limits;
    this.authorities = authorities;
    this.partsLeft = limits.parts;
    this.messagesLeft = limits.nestedMessages;
  }

  takeApart(bytes: Buffer, nestedDepth = 0): Message {
    const structure = mimeStructure(bytes, this.partsLeft);
    const header = MailHeader.of(bytes).readIn(structure.charset);
    const opened = openEnvelopes(structure.root, this.limits, this.authorities);
    const explanations = [...opened.explanations, ...explain(opened.root, header)];
    const take = new MessageTake(opened.root, this.limits, () => this.nextIndex++);
    if (structure.isTruncated) take.notes.add('truncated');
    if (structure.isUnparsable) take.notes.add('unparsable');
    const { rich, plain } = take.views(opened.root, null, 0);
    take.outside();
    this.partsLeft -= take.parts;
    const nested: FoundMessage[] = [];
    const attachments: FoundAttachment[] = [...take.attachments];
    for (const found of take.messages) {
      if (nestedDepth >= this.limits.nestedDepth || this.messagesLeft <= 0 || this.partsLeft <= 0) {
        take.notes.add('truncated');
        attachments.push({ ...found, mediaType: 'message/rfc822' });
        continue;
      }
      this.messagesLeft--;
      const message = this.takeApart(decodeTransfer(found.part.body, found.part.encoding).bytes, nestedDepth + 1);
      nested.push({ ...found, message });
    }
    attachments.sort((one, other) => one.index - other.index);
    return { header, rich, plain, attachments, nested, explanations, notes: take.notes };
  }
}

class MessageTake {
  readonly attachments: FoundAttachment[] = [];
  readonly messages: Omit<FoundMessage, 'message'>[] = [];
  readonly notes = new Set<ReadingNote>();
  parts = 0;
  private hasBody = false;
  /** Some part is a text without the name of a file: named ones beside it are files. */
  private readonly hasUnnamedBody: boolean;
  private readonly root: MimePart;
  private readonly limits: ReadingLimits;
  private readonly takeIndex: () => number;

  constructor(root: MimePart, limits: ReadingLimits, takeIndex: () => number) {
    this.root = root;
    this.limits = limits;
    this.takeIndex = takeIndex;
    this.hasUnnamedBody = leavesOf(root).some(
      (part) => part.filename === null && !part.isAttachment && isShown(part.mediaType) && !isBlank(part),
    );
  }

  /** What stands outside of all parts is a file of its own: seldom anything, but never lost. */
  outside(): void {
    const text = outsideText(this.root);
    if (text === null) return;
    this.notes.add('text-outside-parts');
    this.attach({ ...EMPTY_PART, isAttachment: true, filename: 'text-outside-parts.txt', body: text }, null);
  }

  views(part: MimePart, parent: MimePart | null, depth: number): Views {
    this.parts++;
    if (depth > this.limits.depth) {
      this.notes.add('truncated');
      if (part.whole !== null)
        this.attach({ ...EMPTY_PART, isAttachment: true, filename: 'deeper-parts.eml', body: part.whole }, null);
      return { rich: [], plain: [] };
    }
    if (!part.isMultipart) return this.leaf(part, parent);
    if (part.children.length === 0) {
      if (!isBlank(part)) this.notes.add('unparsable'); // its boundary is missing or never used: what is there is shown as it stands
      return { rich: [part], plain: [part] };
    }
    switch (part.mediaType) {
      case 'multipart/alternative':
        return this.alternative(part, depth);
      case 'multipart/related':
        return this.related(part, depth);
      default:
        return this.inOrder(part, depth);
    }
  }

  private inOrder(part: MimePart, depth: number): Views {
    const views = part.children.map((child) => this.views(child, part, depth + 1));
    return { rich: views.flatMap(({ rich }) => rich), plain: views.flatMap(({ plain }) => plain) };
  }

  /** The last that can be shown (RFC 2046 §5.1.4), but HTML that says something before text, and text before nothing. */
  private alternative(part: MimePart, depth: number): Views {
    const views = part.children.map((child) => {
      this.hasBody = false; // each alternative is a body of its own
      return this.views(child, part, depth + 1);
    });
    this.hasBody = true;
    const filled = views.filter(({ rich }) => rich.some((shown) => !isBlank(shown)));
    const rich =
      filled.findLast((view) => view.rich.some(isHtml)) ??
      filled.at(-1) ??
      views.findLast((view) => view.rich.length > 0);
    const plain =
      filled.findLast((view) => view.rich.every(({ mediaType }) => mediaType === 'text/plain')) ??
      filled.findLast((view) => !view.rich.some(isHtml)) ??
      rich;
    return { rich: rich?.rich ?? [], plain: plain?.plain ?? [] };
  }

  /** One body, and what it needs (RFC 2387); a body that is named by `start`, else the first. */
  private related(part: MimePart, depth: number): Views {
    const root =
      part.children.find(({ contentId }) => contentId !== null && contentId === part.start) ?? part.children[0];
    const views: Views[] = [];
    for (const child of part.children) {
      if (child === root || child.isMultipart || NESTED_TYPES.has(typeOf(child, part)))
        views.push(this.views(child, part, depth + 1));
      else if (views.every(({ rich }) => rich.length === 0) && isShown(typeOf(child, part)))
        views.push(this.views(child, part, depth + 1));
      else this.attach(child, part);
    }
    return { rich: views.flatMap(({ rich }) => rich), plain: views.flatMap(({ plain }) => plain) };
  }

  private leaf(part: MimePart, parent: MimePart | null): Views {
    const mediaType = typeOf(part, parent);
    if (NESTED_TYPES.has(mediaType)) {
      const index = this.takeIndex();
      this.messages.push({ index, part, filename: safeFileName(part.filename ?? null, 'message/rfc822', index) });
      return { rich: [], plain: [] };
    }
    const isUnnamedText =
      part === this.root && mediaType.startsWith('text/') && part.filename === null && mediaType !== 'text/calendar';
    if (part.isAttachment || !(isShown(mediaType) || isUnnamedText) || this.isFileOnly(part, parent)) {
      this.attach(part, parent);
      return { rich: [], plain: [] };
    }
    const shown = mediaType === 'text/plain' ? this.withoutUuencoded(part) : part;
    if (part.filename === null || isBodyOf(parent)) this.takeIndex();
    else this.attach(part, parent); // to be saved as well as read
    this.hasBody ||= !isBlank(shown);
    return { rich: [shown], plain: [shown] };
  }

  /** A named text is read as well as saved where it is the message's words, or is to stand among them. */
  private isFileOnly(part: MimePart, parent: MimePart | null): boolean {
    if (part.filename === null || part === this.root || isBodyOf(parent)) return false;
    if (isHtml(part)) return this.hasUnnamedBody || this.hasBody;
    return (this.hasUnnamedBody || this.hasBody) && (!part.isInline || part.body.length > MAX_READ_AMONG_OTHERS);
  }

  /** Files that were put into the text itself, as Unix systems did, are taken out of it. */
  private withoutUuencoded(part: MimePart): MimePart {
    const { files, rest } = uuencodedIn(part.body, part.encoding);
    for (const { filename, body } of files.slice(0, MAX_UUENCODED)) {
      const file = { mediaType: 'application/octet-stream', encoding: 'x-uuencode', filename, isAttachment: true };
      this.attach({ ...EMPTY_PART, ...file, body }, null);
    }
    return files.length === 0 || files.length > MAX_UUENCODED ? part : { ...part, body: rest, encoding: '' };
  }

  private attach(part: MimePart, parent: MimePart | null): void {
    const index = this.takeIndex();
    const mediaType = typeOf(part, parent);
    this.attachments.push({ index, part, mediaType, filename: safeFileName(part.filename, mediaType, index) });
  }
}

/** Within a digest a part is a message unless it says otherwise (RFC 2046 §5.1.5). */
function typeOf(part: MimePart, parent: MimePart | null): string {
  return parent?.mediaType === 'multipart/digest' && !part.isTypeGiven ? 'message/rfc822' : part.mediaType;
}

/** What stands there as text is the message's words, whatever name its mailer gave it. */
function isBodyOf(parent: MimePart | null): boolean {
  return parent?.mediaType === 'multipart/alternative' || parent?.mediaType === 'multipart/related';
}

export function isHtml(part: MimePart): boolean {
  return HTML_TYPES.has(part.mediaType);
}

function isShown(mediaType: string): boolean {
  return SHOWN_AS_TEXT.has(mediaType) || HTML_TYPES.has(mediaType);
}

/** HTML that is larger is taken to say something: mailers put kilobytes of styles around nothing, never this many. */
const MAX_BLANK_HTML = 64 * 1024;
const SHOWS_WITHOUT_WORDS = /<(?:img|hr|svg|table[^>]{0,1000}background|input|button|video|object)\b/i;

function isBlank(part: MimePart): boolean {
  const { body } = part;
  if (!isHtml(part)) return body.length < 1000 && /^[\s=]*$/.test(body.toString('latin1'));
  if (body.length > MAX_BLANK_HTML) return false;
  const html = decodeText(decodeTransfer(body, part.encoding).bytes, part.charset).text;
  return !SHOWS_WITHOUT_WORDS.test(html) && scanHtml(html, READING_LIMITS).text.trim() === '';
}

function leavesOf(root: MimePart): MimePart[] {
  const leaves: MimePart[] = [];
  const open = [root];
  for (let part = open.pop(); part; part = open.pop()) {
    if (part.children.length > 0) open.push(...part.children);
    else leaves.push(part);
  }
  return leaves;
}

export function attachmentBytes(part: MimePart): number {
  return decodedLength(part.body, part.encoding);
}

/** Enough to tell what it is, in any transfer encoding and however its first lines are broken. */
const BEGINNING_BYTES = 1024;

/** The first bytes of a file, decoded. */
export function beginningOfFile(part: MimePart): Buffer {
  return decodeTransfer(part.body.subarray(0, BEGINNING_BYTES), part.encoding).bytes;
}

/** The whole list of what can be downloaded, wherever it hangs. */
export function findAttachment(message: Message, index: number): { part: MimePart; filename: string } | null {
  const own = [...message.attachments, ...message.nested].find((each) => each.index === index);
  if (own) return own;
  for (const { message: inner } of message.nested) {
    const found = findAttachment(inner, index);
    if (found) return found;
  }
  return null;
}
