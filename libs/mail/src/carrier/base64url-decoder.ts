import { NotACarrier } from './not-a-carrier.ts';

const NOTHING = Buffer.alloc(0);
/** What a byte is, where it is no character of the alphabet: those are the numbers below 64. */
const SPACE = 64;
const PADDING = 65;
const ESCAPE = 66;
const FOREIGN = 127;

const PLAIN = meanings({ isEscaped: false });
const ESCAPED = meanings({ isEscaped: true });

export interface Base64UrlDecoderOptions {
  /** Default: no limit. */
  readonly maxBytes?: number;
  /** As in a body of `application/x-www-form-urlencoded` (WHATWG URL §5.1). Default: as it is. */
  readonly isEscaped?: boolean;
}

/**
 * base64url (or base64) in pieces to bytes. White space anywhere is passed over and padding at the end is allowed: mail programs and
 * browsers add both. Everything else that is not of the alphabet is damage.
 *
 * From bytes to bytes, without a string in between: V8 does not collect strings while it marks its old generation, so those of one
 * large message took as much memory as the message. A loop over bytes takes no longer than the native call does with its strings.
 */
export class Base64UrlDecoder {
  private readonly maxBytes: number;
  private readonly meaning: Uint8Array;
  private bytes = 0;
  /** Characters that are no group of four yet, six bits each, and how many there are. */
  private group = 0;
  private grouped = 0;
  private padding = 0;
  /** Of an escape: 1 behind its percent sign, 2 behind its first digit, which is `escapedHigh` then. */
  private escapeAt: 0 | 1 | 2 = 0;
  private escapedHigh = 0;

  constructor({ maxBytes = Infinity, isEscaped = false }: Base64UrlDecoderOptions = {}) {
    this.maxBytes = maxBytes;
    this.meaning = isEscaped ? ESCAPED : PLAIN;
  }

  /** @returns bytes that fill memory of their own. @throws NotACarrier damaged, too-large */
  update(text: Uint8Array): Buffer {
    if (text.length === 0) return NOTHING;
    const { meaning } = this;
    const decoded = Buffer.allocUnsafeSlow(Math.ceil(((this.grouped + text.length) * 3) / 4));
    const lastGroup = text.length - 4;
    let length = 0;
    for (let at = 0; at < text.length;) {
      if (this.isBetweenGroups) {
        for (; at <= lastGroup; at += 4) {
          const first = meaning[text[at] as number] as number;
          const second = meaning[text[at + 1] as number] as number;
          const third = meaning[text[at + 2] as number] as number;
          const fourth = meaning[text[at + 3] as number] as number;
          if ((first | second | third | fourth) > 63) break;
          decoded[length++] = (first << 2) | (second >> 4);
          decoded[length++] = (second << 4) | (third >> 2);
          decoded[length++] = (third << 6) | fourth;
        }
        if (at >= text.length) break;
      }
      this.take(text[at++] as number);
      if (this.grouped === 4) length = this.giveGroup(decoded, length);
    }
    return this.given(decoded, length);
  }

  /** The bytes of a group that is not whole. @throws NotACarrier damaged, too-large */
  finish(): Buffer {
    if (this.grouped === 1 || this.escapeAt > 0) throw damaged();
    const decoded = Buffer.allocUnsafeSlow(3);
    const length = Math.max(0, this.grouped - 1);
    this.group <<= 6 * (4 - this.grouped);
    this.giveGroup(decoded, 0);
    return this.given(decoded, length);
  }

  private get isBetweenGroups(): boolean {
    return this.grouped === 0 && this.padding === 0 && this.escapeAt === 0;
  }

  private take(byte: number): void {
    if (this.escapeAt > 0) return this.unescape(byte);
    const meant = this.meaning[byte] as number;
    if (meant === ESCAPE) this.escapeAt = 1;
    else this.takeMeant(meant);
  }

  /** What was escaped is taken as it is, a plus sign for instance. */
  private unescape(digit: number): void {
    const value = hexDigit(digit);
    if (value < 0) throw damaged();
    if (this.escapeAt === 1) {
      this.escapedHigh = value << 4;
      this.escapeAt = 2;
    } else {
      this.escapeAt = 0;
      this.takeMeant(PLAIN[this.escapedHigh | value] as number);
    }
  }

  private takeMeant(meant: number): void {
    if (meant === SPACE) return;
    if (meant === PADDING) {
      this.padding++;
      if (this.padding > 2 || this.grouped === 1) throw damaged();
      return;
    }
    if (meant > 63 || this.padding > 0) throw damaged();
    this.group = (this.group << 6) | meant;
    this.grouped++;
  }

  private giveGroup(decoded: Buffer, at: number): number {
    decoded[at] = this.group >> 16;
    decoded[at + 1] = this.group >> 8;
    decoded[at + 2] = this.group;
    this.group = this.grouped = 0;
    return at + 3;
  }

  /** What is longer than its bytes is moved, and given back at once. */
  private given(decoded: Buffer<ArrayBuffer>, length: number): Buffer {
    this.bytes += length;
    if (this.bytes > this.maxBytes) throw new NotACarrier('too-large');
    return length === decoded.length ? decoded : Buffer.from(decoded.buffer.transfer(length));
  }
}

function damaged(): NotACarrier {
  return new NotACarrier('damaged');
}

/** Negative for what is no hexadecimal digit. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function meanings({ isEscaped }: { readonly isEscaped: boolean }): Uint8Array {
  const table = new Uint8Array(256).fill(FOREIGN);
  const set = (characters: string, meaning: (at: number) => number) =>
    [...characters].forEach((character, at) => (table[character.charCodeAt(0)] = meaning(at)));
  set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (at) => at);
  set('-_', (at) => 62 + at);
  set('\t\n\v\f\r \u00a0', () => SPACE);
  set('=', () => PADDING);
  if (isEscaped) {
    set('+', () => SPACE);
    set('%', () => ESCAPE);
  }
  return table;
}
