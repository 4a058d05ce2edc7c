import { finished } from 'node:stream/promises';
import { Splitter } from '@zone-eu/mailsplit';
import type { MimeNode, SplitterChunk } from '@zone-eu/mailsplit';
import { beginningOf, MailHeader } from '../syntax/header-fields.ts';
import { fieldWithParameters, fileNameOf } from '../syntax/parameters.ts';
import type { ReadingLimits } from './reading-limits.ts';

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
  readonly isAttachment: boolean;
  readonly filename: string | null;
  readonly contentId: string | null;
  readonly contentLocation: string | null;
  readonly start: string | null;
  readonly children: MimePart[];
  /** Of a leaf, or of a multipart in which no boundary was found. In its transfer encoding. */
  body: Buffer;
}

export interface MimeStructure {
  readonly root: MimePart;
  readonly isTruncated: boolean;
  /** No header at all, or one past the limits. */
  readonly isUnparsable: boolean;
}

/** Only what lies between these two ends of a long stretch without any `--` at a line's start is left unread. */
const STRETCH_HEAD = 512 * 1024;
const STRETCH_TAIL = 16 * 1024;

/** Never rejects for what is in the mail. */
export async function mimeStructure(mail: Buffer, limits: ReadingLimits, partsLeft: number): Promise<MimeStructure> {
  const bytes = mail.subarray(beginningOf(mail));
  const skips = longStretches(bytes);
  return (
    (await split(bytes, skips, limits, partsLeft)) ?? (await split(bytes, [], limits, partsLeft)) ?? unparsed(bytes)
  );
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * Where the tokeniser need not look. A boundary begins a line with `--`, so a stretch of lines none of which does is all body
 * once its first 512 KiB (more than any header may have) are read. Found by the native search, this leaves of an attachment
 * of 25 MiB half a megabyte to read line by line.
 */
function longStretches(bytes: Buffer): Stretch[] {
  const stretches: Stretch[] = [];
  let start = 0;
  while (start < bytes.length) {
    const delimiter = bytes.indexOf('\n--', start, 'latin1');
    const end = delimiter < 0 ? bytes.length : delimiter + 1;
    if (end - start > 2 * (STRETCH_HEAD + STRETCH_TAIL)) {
      const from = bytes.indexOf(0x0a, start + STRETCH_HEAD) + 1;
      const to = bytes.lastIndexOf(0x0a, end - STRETCH_TAIL) + 1;
      if (from > 0 && to > from) stretches.push({ from, to });
    }
    if (delimiter < 0) break;
    start = end;
  }
  return stretches;
}

interface Collected {
  readonly node: MimeNode;
  readonly children: Collected[];
  /** Offsets of the body in the mail; `read` is how much of it passed by, to prove that the offsets are right. */
  from: number;
  to: number;
  read: number;
}

/** @returns null when the offsets do not add up and the mail must be read without skipping. */
async function split(
  bytes: Buffer,
  skips: readonly Stretch[],
  limits: ReadingLimits,
  partsLeft: number,
): Promise<MimeStructure | null> {
  const nodes = new Map<MimeNode, Collected>();
  let root: Collected | null = null;
  const splitter = new Splitter({
    ignoreEmbedded: true,
    maxHeadSize: limits.headerBytes,
    maxChildNodes: Math.max(1, partsLeft),
  });
  splitter.on('data', (chunk: SplitterChunk) => {
    if (chunk.type === 'node') {
      const collected: Collected = { node: chunk, children: [], from: -1, to: -1, read: 0 };
      nodes.set(chunk, collected);
      root ??= collected;
      if (chunk.parentNode) nodes.get(chunk.parentNode)?.children.push(collected);
      return;
    }
    const collected = nodes.get(chunk.node);
    // what a multipart has is its preamble, its delimiters and its epilogue; read only where no part is found between them
    if (!collected || !('value' in chunk) || chunk.type !== (chunk.node.multipart ? 'data' : 'body')) return;
    collected.read += chunk.value.length;
    if (chunk.value.buffer !== bytes.buffer) return;
    const from = chunk.value.byteOffset - bytes.byteOffset;
    if (collected.from < 0) collected.from = from;
    collected.to = from + chunk.value.length;
  });
  let at = 0;
  for (const { from, to } of skips) {
    splitter.write(bytes.subarray(at, from));
    at = to;
  }
  splitter.end(bytes.subarray(at));
  const isWhole = await finished(splitter).then(
    () => true,
    () => false, // past a limit: what came before it stands
  );
  if (!root || !hasHeader(root)) return unparsed(bytes);
  if (isWhole && skips.length > 0 && ![...nodes.values()].every((each) => addsUp(each, skips))) return null;
  return { root: toPart(root, bytes), isTruncated: !isWhole, isUnparsable: false };
}

function addsUp({ from, to, read, node }: Collected, skips: readonly Stretch[]): boolean {
  if (from < 0 || node.multipart) return true;
  const skipped = skips.reduce(
    (sum, skip) => (skip.from >= from && skip.to <= to ? sum + skip.to - skip.from : sum),
    0,
  );
  return to - from - skipped === read;
}

/** A field name (RFC 5322 §3.6.8) somewhere: what has none is no mail, and its first lines are no header. */
function hasHeader({ node }: Collected): boolean {
  return node.headers !== false && node.headers.getList().some(({ key }) => /^[!-9;-~]{1,100}$/.test(key));
}

function unparsed(bytes: Buffer): MimeStructure {
  return { root: { ...EMPTY_PART, children: [], body: bytes }, isTruncated: false, isUnparsable: true };
}

const EMPTY_PART: Omit<MimePart, 'children' | 'body'> = {
  mediaType: 'text/plain',
  isTypeGiven: false,
  isMultipart: false,
  charset: '',
  encoding: '',
  isFlowed: false,
  isDelSp: false,
  isAttachment: false,
  filename: null,
  contentId: null,
  contentLocation: null,
  start: null,
};

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,80}\/[a-z0-9][a-z0-9!#$&^_.+*-]{0,80}$/;

function toPart(collected: Collected, bytes: Buffer): MimePart {
  const { node, from, to } = collected;
  const header = new MailHeader(node.getHeaders());
  const type = fieldWithParameters(header.first('content-type'));
  const disposition = fieldWithParameters(header.first('content-disposition'));
  const filename = fileNameOf(disposition, type);
  const isTypeGiven = MEDIA_TYPE.test(type.value);
  const ofType = (name: string): string => type.parameters.get(name) ?? '';
  return {
    mediaType: isTypeGiven ? type.value : filename !== null && node.contentType ? node.contentType : 'text/plain',
    isTypeGiven,
    isMultipart: node.multipart !== false,
    charset: ofType('charset'),
    encoding: fieldWithParameters(header.first('content-transfer-encoding')).value,
    // RFC 3676 is of text/plain alone
    isFlowed: type.value === 'text/plain' && /^\s*flowed\s*$/i.test(ofType('format')),
    isDelSp: type.value === 'text/plain' && /^\s*yes\s*$/i.test(ofType('delsp')),
    isAttachment: disposition.value === 'attachment',
    filename: filename?.slice(0, 2000) ?? null,
    contentId:
      header
        .first('content-id')
        .replace(/^\s*<|>\s*$/g, '')
        .trim() || null,
    contentLocation: header.first('content-location').replace(/\s+/g, '') || null,
    start: ofType('start').replace(/^<|>$/g, '') || null,
    children: collected.children.map((child) => toPart(child, bytes)),
    body: from < 0 ? Buffer.alloc(0) : bytes.subarray(from, to),
  };
}
