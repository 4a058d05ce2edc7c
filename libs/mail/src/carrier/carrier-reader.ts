import { Base64UrlDecoder } from './base64url-decoder.ts';
import { MailPartWalker } from './mail-part-walker.ts';
import { MessagePageScanner } from './message-page-scanner.ts';
import { NotACarrier } from './not-a-carrier.ts';

const NOTHING = Buffer.alloc(0);
/** What base64url of every age file begins with: `age-encryption.org/`, as far as whole groups of it reach. */
const AGE_IN_BASE64URL = Buffer.from('age-encryption.org').toString('base64url');
/** 512 bytes decide what a file is, leading white space included. */
const DECIDING_BYTES = 512;

type Inside =
  | { readonly kind: 'page'; readonly scanner: MessagePageScanner }
  | { readonly kind: 'mail'; readonly walker: MailPartWalker }
  | { readonly kind: 'text'; readonly decoder: Base64UrlDecoder };

export interface CarrierReaderOptions {
  /** Default: no limit. */
  readonly maxCiphertextBytes?: number;
}

/**
 * Gets the ciphertext back out of what a person hands in, as it comes, in pieces of any size: `message.html`, the whole carrier as a
 * mail file (forwarded as an attachment, re-encoded as quoted-printable or base64, with other line ends), or the bare text of the
 * field. Which one it is shows in its first bytes. Memory: one piece and what is searched for the beginning of the field.
 */
export class CarrierReader {
  private readonly maxCiphertextBytes: number;
  private undecided = NOTHING;
  private inside: Inside | null = null;

  constructor({ maxCiphertextBytes = Infinity }: CarrierReaderOptions = {}) {
    this.maxCiphertextBytes = maxCiphertextBytes;
  }

  /** @returns ciphertext, maybe nothing, in a buffer of its own. @throws NotACarrier: nothing more can come of this reader then */
  push(piece: Uint8Array): Buffer {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (this.inside) return this.read(this.inside, bytes);
    this.undecided = Buffer.concat([this.undecided, bytes]);
    return this.undecided.length < DECIDING_BYTES ? NOTHING : this.decide();
  }

  /** The last bytes. @throws NotACarrier, cut-short when the ciphertext had begun and did not end */
  end(): Buffer {
    const first = this.inside ? NOTHING : this.decide();
    const inside = this.inside;
    if (!inside) throw new NotACarrier('no-carrier');
    switch (inside.kind) {
      case 'text':
        return Buffer.concat([first, inside.decoder.finish()]);
      case 'page': {
        const last = inside.scanner.end();
        if (inside.scanner.progress !== 'behind') throw new NotACarrier('no-carrier');
        return Buffer.concat([first, last]);
      }
      case 'mail':
        return Buffer.concat([first, inside.walker.end()]);
    }
  }

  private decide(): Buffer {
    const bytes = this.undecided;
    this.undecided = NOTHING;
    this.inside = this.kindOf(
      bytes
        .toString('latin1', 0, DECIDING_BYTES)
        .replace(/^\u00ef\u00bb\u00bf/, '')
        .trimStart(),
    );
    return this.read(this.inside, bytes);
  }

  private kindOf(start: string): Inside {
    if (start.startsWith('<')) return { kind: 'page', scanner: new MessagePageScanner(this.maxCiphertextBytes) };
    if (start.startsWith(AGE_IN_BASE64URL))
      return { kind: 'text', decoder: new Base64UrlDecoder(this.maxCiphertextBytes) };
    if (/^(From |[!-9;-~]+[ \t]*:)/.test(start))
      return { kind: 'mail', walker: new MailPartWalker(this.maxCiphertextBytes) };
    throw new NotACarrier('no-carrier');
  }

  private read(inside: Inside, bytes: Buffer): Buffer {
    switch (inside.kind) {
      case 'page': {
        const ciphertext = inside.scanner.push(bytes.toString('latin1'));
        if (inside.scanner.progress === 'nothing-here') throw new NotACarrier('no-carrier');
        return ciphertext;
      }
      case 'text':
        return inside.decoder.update(bytes.toString('latin1'));
      case 'mail':
        return inside.walker.push(bytes);
    }
  }
}
