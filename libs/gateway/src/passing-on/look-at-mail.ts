import { createHash } from 'node:crypto';
import { MailHeader } from '#libs/mail';
import type { StoredMail } from '../outgoing-mail.ts';
import { cutTrace, putBack } from './trace-fields.ts';
import type { CutField, CutHeader } from './trace-fields.ts';

/** 256 KiB: as much of a header as is read anywhere here (header-fields.ts); trace fields behind that count as content. */
const MAX_HEADER_BYTES = 256 * 1024;

/** What one pass over a mail gives. */
export interface MailLook {
  readonly header: MailHeader;
  /** Lower-case hex, of all of its bytes. */
  readonly mailSha256: string;
  /**
   * SHA-256 of its bytes without trace fields, under a label of its own: equal for every try of the same mail. Secret: what is kept
   * of a seal opens with it, and it is never recorded.
   */
  readonly sameMail: Buffer;
  readonly cutHeader: CutHeader;
}

/** @param knownHeader where its header was read before */
export async function lookAtMail(mail: StoredMail, knownHeader?: MailHeader): Promise<MailLook> {
  const whole = createHash('sha256');
  const same = createHash('sha256').update('segl same mail\0');
  let head: Buffer = Buffer.alloc(0);
  let cutHeader: CutHeader | null = null;
  for await (const piece of mail.content()) {
    whole.update(piece);
    if (cutHeader !== null) {
      same.update(piece);
      continue;
    }
    head = head.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.length) : Buffer.concat([head, piece]);
    const end = headerEnd(head);
    if (end === null) continue;
    cutHeader = cutTrace(head.subarray(0, end));
    same.update(cutHeader.kept).update(head.subarray(end));
  }
  if (cutHeader === null) {
    cutHeader = cutTrace(head);
    same.update(cutHeader.kept);
  }
  const header = knownHeader ?? MailHeader.of(head);
  return { header, mailSha256: whole.digest('hex'), sameMail: same.digest(), cutHeader };
}

/** The same mail with the trace fields that it had at another try. */
export function withTraceOf(mail: StoredMail, { cutHeader }: MailLook, cut: readonly CutField[]): StoredMail {
  const nowBytes = cutHeader.kept.length + bytesOf(cutHeader.cut);
  const header = putBack({ kept: cutHeader.kept, cut });
  return {
    bytes: mail.bytes - nowBytes + header.length,
    async *content() {
      yield header;
      let passed = 0;
      for await (const piece of mail.content()) {
        const from = Math.min(piece.length, Math.max(0, nowBytes - passed));
        passed += piece.length;
        if (from < piece.length) yield piece.subarray(from);
      }
    },
    release: () => mail.release(),
  };
}

export async function sha256Of(mail: StoredMail): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of mail.content()) hash.update(piece);
  return hash.digest('hex');
}

function bytesOf(cut: readonly CutField[]): number {
  return cut.reduce((sum, { text }) => sum + text.length, 0);
}

/** Behind the empty line. Null where it may still come. */
function headerEnd(bytes: Buffer): number | null {
  if (bytes.length >= MAX_HEADER_BYTES) return bytes.lastIndexOf(0x0a, MAX_HEADER_BYTES - 1) + 1;
  if (bytes[0] === 0x0d && bytes[1] === 0x0a) return 2;
  const end = bytes.indexOf('\r\n\r\n');
  return end < 0 ? null : end + 4;
}
