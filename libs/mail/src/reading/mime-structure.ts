import libmime from 'libmime';
import { charsetName, saysNothing } from '../syntax/charset-names.ts';
import { decodeEncodedWords } from '../syntax/encoded-words.ts';
import { beginningOf } from '../syntax/header-fields.ts';
import type { MailHeader } from '../syntax/header-fields.ts';
import { fieldWithParameters, fileNameOf } from '../syntax/parameters.ts';
import type { FieldWithParameters } from '../syntax/parameters.ts';
import { base64Length } from './base64-tail.ts';
import { splitMail } from './part-splitter.ts';
import type { SplitPart } from './part-splitter.ts';

/** One node of a MIME tree. `body` points into the mail's own bytes wherever it can: nothing is decoded or copied here. */
export interface MimePart {
  /** Lower case, `text/plain` where the mail says nothing sensible. */
  readonly mediaType: string;
  readonly isTypeGiven: boolean;
  readonly isMultipart: boolean;
  readonly charset: string;
  readonly encoding: string;
  readonly isFlowed: boolean;
  readonly isDelSp: boolean;
  /** Content-Disposition says so. */
  readonly isAttachment: boolean;
  /** Likewise. */
  readonly isInline: boolean;
  readonly filename: string | null;
  readonly contentId: string | null;
  readonly contentLocation: string | null;
  readonly start: string | null;
  readonly children: readonly MimePart[];
  /** Its header as it lies there. */
  readonly head: Buffer;
  /** What stands where no part is, with lines of its header that are no field: pieces of text, as they lie there. */
  readonly outside: readonly Buffer[];
  /** Of a leaf, or of a multipart in which no boundary was found. In its transfer encoding. */
  readonly body: Buffer;
  /** Header and body as they lie in the mail; null for what an envelope held. */
  readonly whole: Buffer | null;
}

export interface MimeStructure {
  readonly root: MimePart;
  /** The one charset that the mail names, which raw 8-bit bytes in its fields are in; '' for none. */
  readonly charset: string;
  readonly isTruncated: boolean;
  /** No header at all, or one past the limits. */
  readonly isUnparsable: boolean;
}

/** Never throws for what is in the mail. */
export function mimeStructure(mail: Buffer, partsLeft: number): MimeStructure {
  const bytes = withLineFeeds(mail.subarray(beginningOf(mail)));
  const { root, isTruncated } = splitMail(bytes, Math.max(1, partsLeft));
  const isUnparsable = root.header.isCut || root.header.fields.length === 0;
  if (isUnparsable) return { root: { ...EMPTY_PART, body: bytes }, charset: '', isTruncated: false, isUnparsable };
  const charset = onlyCharsetOf(root);
  return { root: toPart(root, charset), charset, isTruncated, isUnparsable };
}

const LF = 0x0a;
const CR = 0x0d;
/** What is looked at to tell by what lines end. */
const HEAD = 64 * 1024;

/** Mails of old Macs, and of gateways, end their lines with CR alone: in a copy of the same length they end as all else here expects. */
function withLineFeeds(bytes: Buffer): Buffer {
  const head = bytes.toString('latin1', 0, HEAD);
  if (!/^[^\r\n]*\r[^\n]/.test(head)) return bytes;
  const loneReturns = head.match(/\r(?!\r*\n)/g)?.length ?? 0;
  if (loneReturns <= (head.match(/\n/g)?.length ?? 0)) return bytes;
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf(CR); at >= 0; at = copy.indexOf(CR, at + 1)) if (copy[at + 1] !== LF) copy[at] = LF;
  return copy;
}

/** The one charset besides UTF-8 and ASCII that the parts of a mail name; '' where they name none, or several. */
function onlyCharsetOf(root: SplitPart): string {
  const names = new Set<string>();
  const open = [root];
  for (let part = open.pop(); part; part = open.pop()) {
    const name = charsetName(part.type.parameters.get('charset') ?? '');
    if (!saysNothing(name) && name !== 'utf-8') names.add(name);
    open.push(...part.children);
  }
  const [only = ''] = names;
  return names.size === 1 ? only : '';
}

/** As where a mail says nothing of a part. */
export const EMPTY_PART: Omit<MimePart, 'body'> = {
  mediaType: 'text/plain',
  isTypeGiven: false,
  isMultipart: false,
  charset: '',
  encoding: '',
  isFlowed: false,
  isDelSp: false,
  isAttachment: false,
  isInline: false,
  filename: null,
  contentId: null,
  contentLocation: null,
  start: null,
  children: [],
  head: Buffer.alloc(0),
  outside: [],
  whole: null,
};

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,80}\/[a-z0-9][a-z0-9!#$&^_.+*-]{0,80}$/;

interface TypeAndName extends Pick<MimePart, 'filename' | 'mediaType' | 'isTypeGiven'> {
  readonly type: FieldWithParameters;
  readonly disposition: FieldWithParameters;
}

/** What a part's own header says of its kind and name. */
export function typeAndName(header: MailHeader): TypeAndName {
  const type = fieldWithParameters(header.first('content-type'));
  const disposition = fieldWithParameters(header.first('content-disposition'));
  const named = fileNameOf(disposition, type);
  const isTypeGiven = MEDIA_TYPE.test(type.value);
  const mediaType = isTypeGiven ? type.value : named === null ? 'text/plain' : libmime.detectMimeType(named);
  return { type, disposition, filename: named?.slice(0, 2000) ?? null, mediaType, isTypeGiven };
}

function toPart(split: SplitPart, charset: string): MimePart {
  const header = split.header.readIn(charset);
  const { type, disposition, filename, mediaType, isTypeGiven } = typeAndName(header);
  const ofType = (name: string): string => type.parameters.get(name) ?? '';
  const stated = fieldWithParameters(header.first('content-transfer-encoding')).value;
  const base64 = stated === 'base64' ? base64Length(split.body) : null;
  const encoding = base64 === 0 ? '' : stated; // words alone: they were never encoded, whatever was said of them
  const length = base64 === null || base64 === 0 ? split.body.length : base64;
  const stray = header.strayLines.trim() === '' ? [] : [Buffer.from(header.strayLines, 'latin1')];
  return {
    mediaType,
    isTypeGiven,
    isMultipart: split.isMultipart,
    charset: ofType('charset'),
    encoding,
    // RFC 3676 is of text/plain alone
    isFlowed: type.value === 'text/plain' && /^\s*flowed\s*$/i.test(ofType('format')),
    isDelSp: type.value === 'text/plain' && /^\s*yes\s*$/i.test(ofType('delsp')),
    isAttachment: disposition.value === 'attachment',
    isInline: disposition.value === 'inline',
    filename,
    contentId: withoutBrackets(decodeEncodedWords(header.first('content-id'))) || null,
    contentLocation: decodeEncodedWords(header.first('content-location')).replace(/\s+/g, '') || null,
    start: withoutBrackets(ofType('start')) || null,
    children: split.children.map((child) => toPart(child, charset)),
    head: split.head,
    outside: [...stray, ...split.outside, split.body.subarray(length)],
    body: split.body.subarray(0, length),
    whole: split.whole,
  };
}

function withoutBrackets(id: string): string {
  return id.replace(/^\s*<|>\s*$/g, '').trim();
}
