import { Base64UrlDecoder } from './base64url-decoder.ts';
import { NotACarrier } from './not-a-carrier.ts';

const NOTHING = Buffer.alloc(0);
const FIELD = Buffer.from('m=');
const AMPERSAND = 0x26;

/**
 * The ciphertext from a body of `application/x-www-form-urlencoded` with the one field `m` (WHATWG URL §5.1), as it comes. A browser sends each
 * line end of the field as `%0D%0A`; whatever else is percent-encoded is decoded too. Memory: one piece.
 */
export class UrlencodedFieldReader {
  private readonly decoder: Base64UrlDecoder;
  /** Of the name and its equals sign, in bytes. */
  private named = 0;

  /** @param options.maxCiphertextBytes default: no limit */
  constructor({ maxCiphertextBytes = Infinity }: { maxCiphertextBytes?: number } = {}) {
    this.decoder = new Base64UrlDecoder({ maxBytes: maxCiphertextBytes, isEscaped: true });
  }

  /** @returns ciphertext, maybe nothing, in a buffer of its own. @throws NotACarrier */
  push(piece: Uint8Array): Buffer {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const name = bytes.subarray(0, FIELD.length - this.named);
    if (!FIELD.subarray(this.named, this.named + name.length).equals(name)) throw new NotACarrier('other-field');
    this.named += name.length;
    const value = bytes.subarray(name.length);
    if (value.length === 0) return NOTHING;
    if (value.includes(AMPERSAND)) throw new NotACarrier('second-field');
    return this.decoder.update(value);
  }

  /** The last bytes. @throws NotACarrier */
  end(): Buffer {
    if (this.named < FIELD.length) throw new NotACarrier('no-carrier');
    return this.decoder.finish();
  }
}
