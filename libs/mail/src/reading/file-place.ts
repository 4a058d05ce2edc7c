import { setImmediate as nextTurn } from 'node:timers/promises';
import { MailHeader } from '../syntax/header-fields.ts';
import { transferStream } from '../syntax/transfer-stream.ts';
import { safeFileName } from './file-name.ts';
import { typeAndName } from './mime-structure.ts';
import type { MimePart } from './mime-structure.ts';

const ENCODINGS = ['', 'base64', 'quoted-printable', 'x-uuencode', 'x-uue', 'uuencode'] as const;

/**
 * Where a file lies in the mail that was read, so that it can be cut out of the same bytes again without reading the mail.
 * Numbers and a word of our own: nothing of what the mail says. All places are offsets into the mail.
 */
export interface FilePlace {
  /** As listed. */
  readonly index: number;
  /** Its part's header. */
  readonly headAt: number;
  /** Its content, encoded. */
  readonly from: number;
  readonly to: number;
  readonly encoding: (typeof ENCODINGS)[number];
  /** Decoded. */
  readonly bytes: number;
}

/** A longer header is not read outside the reading thread. */
const MAX_HEAD_BYTES = 16 * 1024;
/** Decoded without a pause. */
const PIECE_BYTES = 64 * 1024;

/**
 * Null for a file that does not lie in the mail as one piece behind its own header, or whose name is not told by that header alone (one
 * in an envelope or an encoded message, a name in a charset that another part names): it is cut out by reading the mail anew.
 */
export function filePlace(
  mail: Buffer,
  { index, filename, part, bytes }: { index: number; filename: string; part: MimePart; bytes: number },
): FilePlace | null {
  const { head, body } = part;
  const headAt = offsetIn(mail, head);
  const from = offsetIn(mail, body);
  if (headAt === null || from === null || head.length === 0 || from < headAt + head.length) return null;
  if (from - headAt > MAX_HEAD_BYTES || nameIn(head, index) !== filename) return null;
  const encoding = ENCODINGS.find((each) => each === part.encoding) ?? '';
  return { index, headAt, from, to: from + body.length, encoding, bytes };
}

/**
 * The file at a place, decoded as the reading thread decodes it; others have their turn meanwhile.
 * @param bytes the mail from `headAt` up to `to`
 * @returns null where it is not what the place says
 */
export async function fileAt(
  bytes: Buffer,
  place: FilePlace,
): Promise<{ readonly filename: string; readonly content: Buffer } | null> {
  const head = bytes.subarray(0, place.from - place.headAt);
  const content = Buffer.allocUnsafeSlow(place.bytes);
  const decoding = transferStream(place.encoding);
  let length = 0;
  const add = (decoded: Buffer): void => {
    decoded.copy(content, length);
    length += decoded.length;
  };
  for (let at = head.length; at < bytes.length; at += PIECE_BYTES) {
    add(decoding.push(bytes.subarray(at, at + PIECE_BYTES)));
    await nextTurn();
  }
  add(decoding.end());
  return length === place.bytes ? { filename: nameIn(head, place.index), content } : null;
}

/** The header may stand in more bytes than its own: it ends where it ends. */
function nameIn(head: Buffer, index: number): string {
  const { filename, mediaType } = typeAndName(new MailHeader(head));
  return safeFileName(filename, mediaType, index);
}

function offsetIn(mail: Buffer, bytes: Buffer): number | null {
  const at = bytes.byteOffset - mail.byteOffset;
  return bytes.buffer === mail.buffer && at >= 0 && at + bytes.length <= mail.length ? at : null;
}
