import type { SmtpAnswer } from '../outgoing-mail.ts';
import { ANSWERS } from './answers.ts';

/** 256 KiB: threats.md A34. A header of a mail that went round the world has 20 KiB. */
const MAX_HEADER_BYTES = 256 * 1024;
/** 1000: threats.md A34. */
const MAX_HEADER_FIELDS = 1000;
/** 25 hops: threats.md A38. RFC 5321 §6.3 wants a large number; mail that leaves an organisation has a handful. */
const MAX_RECEIVED = 25;
const CR = 0x0d;
const LF = 0x0a;
const END_OF_HEADER = Buffer.from('\r\n\r\n');
const MOST_HEADER_BYTES = MAX_HEADER_BYTES + END_OF_HEADER.length;

/**
 * Looks at a mail while it comes in, piece by piece, for what must go no further: line ends that the next server could read
 * otherwise (smuggling, threats.md A36), a header that bombs (A34), a mail that goes round in a loop (A38).
 */
export class MailScan {
  private bytes = 0;
  private last = 0;
  /** Of a header that does not come in one piece. */
  private header = Buffer.alloc(0);
  private headerBytes = 0;
  private isInHeader = true;

  /** @returns why the mail is refused, as soon as it is known; null: nothing so far */
  take(piece: Buffer): SmtpAnswer | null {
    if (piece.length === 0) return null;
    if (!this.hasWholeLineEnds(piece)) return ANSWERS.bareLineEnd;
    this.bytes += piece.length;
    return this.isInHeader ? this.takeHeader(piece) : null;
  }

  /** What can be said at the end alone. */
  end(): SmtpAnswer | null {
    if (this.bytes === 0) return ANSWERS.emptyMail;
    if (this.last === CR) return ANSWERS.bareLineEnd;
    return this.isInHeader ? this.judgeHeader(this.header.subarray(0, this.headerBytes)) : null;
  }

  private hasWholeLineEnds(piece: Buffer): boolean {
    if (piece.includes(0)) return false;
    if (this.last === CR && piece[0] !== LF) return false;
    for (let at = piece.indexOf(LF); at >= 0; at = piece.indexOf(LF, at + 1)) {
      if ((at === 0 ? this.last : piece[at - 1]) !== CR) return false;
    }
    for (let at = piece.indexOf(CR); at >= 0 && at < piece.length - 1; at = piece.indexOf(CR, at + 1)) {
      if (piece[at + 1] !== LF) return false;
    }
    this.last = piece.at(-1) ?? this.last;
    return true;
  }

  private takeHeader(piece: Buffer): SmtpAnswer | null {
    if (this.headerBytes === 0) {
      const whole = headerEndIn(piece, 0);
      if (whole >= 0 && whole + END_OF_HEADER.length <= MOST_HEADER_BYTES) {
        this.isInHeader = false;
        return this.judgeHeader(piece.subarray(0, whole));
      }
    }
    const room = piece.subarray(0, MOST_HEADER_BYTES - this.headerBytes);
    this.makeRoom(this.headerBytes + room.length);
    room.copy(this.header, this.headerBytes);
    const from = Math.max(0, this.headerBytes - END_OF_HEADER.length + 1);
    this.headerBytes += room.length;
    const soFar = this.header.subarray(0, this.headerBytes);
    const end = headerEndIn(soFar, from);
    if (end < 0) return this.headerBytes === MOST_HEADER_BYTES ? ANSWERS.headerTooLarge : null;
    this.isInHeader = false;
    return this.judgeHeader(soFar.subarray(0, end));
  }

  private makeRoom(bytes: number): void {
    if (bytes <= this.header.length) return;
    const larger = Buffer.allocUnsafe(Math.min(MOST_HEADER_BYTES, Math.max(bytes, 2 * this.header.length)));
    this.header.copy(larger, 0, 0, this.headerBytes);
    this.header = larger;
  }

  private judgeHeader(header: Buffer): SmtpAnswer | null {
    const fields = header
      .toString('latin1')
      .split('\r\n')
      .filter((line) => line !== '' && !/^[ \t]/.test(line));
    if (fields.length > MAX_HEADER_FIELDS) return ANSWERS.headerTooLarge;
    const hops = fields.filter((line) => /^received[ \t]*:/i.test(line)).length;
    return hops > MAX_RECEIVED ? ANSWERS.mailLoop : null;
  }
}

/** Where the empty line behind a header begins, -1 for nowhere. @param from where it was not found before */
function headerEndIn(mail: Buffer, from: number): number {
  return mail[0] === CR && mail[1] === LF ? 0 : mail.indexOf(END_OF_HEADER, from);
}
