import { Base64UrlDecoder } from './base64url-decoder.ts';
import { NotACarrier } from './not-a-carrier.ts';

const NOTHING = Buffer.alloc(0);
const FIELD = 'm=';
const PERCENT = 0x25;

/**
 * The ciphertext from a body of `application/x-www-form-urlencoded` with the one field `m` (WHATWG URL §5.1), as it comes. A browser sends each
 * line end of the field as `%0D%0A`; whatever else is percent-encoded is decoded too. Memory: one piece.
 */
export class UrlencodedFieldReader {
  private readonly decoder: Base64UrlDecoder;
  private isInValue = false;
  private held = '';

  /** @param options.maxCiphertextBytes default: no limit */
  constructor({ maxCiphertextBytes = Infinity }: { maxCiphertextBytes?: number } = {}) {
    this.decoder = new Base64UrlDecoder(maxCiphertextBytes);
  }

  /** @returns ciphertext, maybe nothing, in a buffer of its own. @throws NotACarrier */
  push(piece: Uint8Array): Buffer {
    let text = this.held + Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    this.held = '';
    if (!this.isInValue) {
      if (!text.startsWith(FIELD.slice(0, text.length))) throw new NotACarrier('other-field');
      if (text.length < FIELD.length) {
        this.held = text;
        return NOTHING;
      }
      this.isInValue = true;
      text = text.slice(FIELD.length);
    }
    if (text.includes('&')) throw new NotACarrier('second-field');
    const lastPercent = text.lastIndexOf('%');
    if (lastPercent >= 0 && lastPercent > text.length - 3) {
      this.held = text.slice(lastPercent);
      text = text.slice(0, lastPercent);
    }
    return this.decoder.update(percentDecoded(text));
  }

  /** The last bytes. @throws NotACarrier */
  end(): Buffer {
    if (!this.isInValue) throw new NotACarrier('no-carrier');
    if (this.held !== '') throw new NotACarrier('damaged');
    return this.decoder.finish();
  }
}

/** Line ends are what a browser escapes in our page, and all it escapes: they go first, in the cheapest way there is. */
function percentDecoded(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  const joined = spaced.includes('%') ? spaced.replaceAll('%0D%0A', '') : spaced;
  if (!joined.includes('%')) return joined;
  return escapesDecoded(joined);
}

/** Byte by byte, in place: a piece that is nothing but escapes costs a twentieth of what an expression takes for it on the main thread. */
function escapesDecoded(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] ?? 0;
    if (byte === PERCENT) {
      const escaped = (hexDigit(bytes[at + 1] ?? 0) << 4) | hexDigit(bytes[at + 2] ?? 0);
      if (escaped >= 0) {
        byte = escaped;
        at += 2;
      }
    }
    bytes[length++] = byte;
  }
  return bytes.toString('latin1', 0, length);
}

/** Negative for what is no hexadecimal digit. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
