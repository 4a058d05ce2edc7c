import { Base64UrlDecoder } from './base64url-decoder.ts';
import { beginningOf } from '../syntax/header-fields.ts';
import { transferStream } from '../syntax/transfer-stream.ts';
import type { TransferStream } from '../syntax/transfer-stream.ts';
import { kindOfFile } from './kind-of-file.ts';
import { joinedPieces } from './joined-pieces.ts';
import type { KindOfFile } from './kind-of-file.ts';
import { MailPartWalker } from './mail-part-walker.ts';
import { MessagePageScanner } from './message-page-scanner.ts';
import { NotACarrier } from './not-a-carrier.ts';
import { OutlookFile } from './outlook-file.ts';
import { WideCharacters } from './wide-characters.ts';
import { ZippedCarrier } from './zipped-carrier.ts';

const NOTHING = Buffer.alloc(0);
/** What base64url of every age file begins with: `age-encryption.org/`, as far as whole groups of it reach. */
const AGE_IN_BASE64URL = Buffer.from('age-encryption.org').toString('base64url');
/** 512 bytes decide what a file is, leading white space included. */
const DECIDING_BYTES = 512;

type Inside =
  | { readonly kind: 'page'; readonly scanner: MessagePageScanner }
  | { readonly kind: 'mail'; readonly walker: MailPartWalker }
  | { readonly kind: 'text'; readonly decoder: Base64UrlDecoder }
  | { readonly kind: 'coded'; readonly transfer: TransferStream; readonly reader: CarrierReader }
  | { readonly kind: 'file'; readonly file: ZippedCarrier | OutlookFile };

/** A carrier in a zip, in an encoding left undone: further layers nobody makes by accident. */
const MAX_LAYERS = 2;

export interface CarrierReaderOptions {
  /** Default: no limit. */
  readonly maxCiphertextBytes?: number;
}

/**
 * Gets the ciphertext back out of what a person uploads, as it comes, in pieces of any size: `message.html`, the whole carrier as a
 * mail file (forwarded as an attachment, re-encoded as quoted-printable or base64, with other line ends; `.msg`), the bare text of the
 * field, or a page as Safari saves it (`.webarchive`, which has the page as it came). Which one it is shows in its first bytes. Memory: one piece and what is searched for the beginning of the field.
 */
export class CarrierReader {
  private readonly maxCiphertextBytes: number;
  private undecided = NOTHING;
  private inside: Inside | null = null;
  private wide: WideCharacters | null = null;
  private file: KindOfFile = 'empty';
  private readonly layers: number;

  constructor({ maxCiphertextBytes = Infinity }: CarrierReaderOptions = {}, layers = 0) {
    this.maxCiphertextBytes = maxCiphertextBytes;
    this.layers = layers;
  }

  /** @returns ciphertext, maybe nothing, in a buffer of its own. @throws NotACarrier: nothing more can come of this reader then */
  push(piece: Uint8Array): Buffer {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (this.inside) return this.read(this.inside, this.wide?.narrow(bytes) ?? bytes);
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
        return joinedPieces([first, inside.decoder.finish()]);
      case 'page': {
        const last = inside.scanner.end();
        if (inside.scanner.progress !== 'behind') throw new NotACarrier('no-carrier', this.file);
        return joinedPieces([first, last]);
      }
      case 'mail':
        return joinedPieces([first, this.named(() => inside.walker.end())]);
      case 'coded': {
        const last = inside.reader.push(inside.transfer.end());
        return joinedPieces([first, last, inside.reader.end()]);
      }
      case 'file':
        return joinedPieces([first, inside.file.end()]);
    }
  }

  private decide(): Buffer {
    this.wide = WideCharacters.of(this.undecided);
    const bytes = this.wide?.narrow(this.undecided) ?? this.undecided;
    this.undecided = NOTHING;
    const start = bytes.toString('latin1', 0, DECIDING_BYTES).replace(/^\u00ef\u00bb\u00bf/, '');
    this.file = kindOfFile(start);
    this.inside = this.kindOf(start.trimStart());
    return this.read(this.inside, this.inside.kind === 'mail' ? bytes.subarray(beginningOf(bytes)) : bytes);
  }

  private kindOf(start: string): Inside {
    const options = { maxCiphertextBytes: this.maxCiphertextBytes };
    const encoding = this.layers < MAX_LAYERS ? encodingLeft(start) : null;
    if (encoding !== null) {
      return {
        kind: 'coded',
        transfer: transferStream(encoding),
        reader: new CarrierReader(options, this.layers + 1),
      };
    }
    if (start.startsWith('<') || this.file === 'web-archive')
      return { kind: 'page', scanner: new MessagePageScanner(this.maxCiphertextBytes) };
    if (start.startsWith(AGE_IN_BASE64URL))
      return { kind: 'text', decoder: new Base64UrlDecoder({ maxBytes: this.maxCiphertextBytes }) };
    if (/^(From |[!-9;-~]+[ \t]*:)/.test(start))
      return { kind: 'mail', walker: new MailPartWalker(this.maxCiphertextBytes) };
    if (this.file === 'zip' && this.layers < MAX_LAYERS)
      return { kind: 'file', file: new ZippedCarrier(() => new CarrierReader(options, this.layers + 1)) };
    if (this.file === 'outlook') return { kind: 'file', file: new OutlookFile(this.maxCiphertextBytes) };
    throw new NotACarrier('no-carrier', this.file);
  }

  /** A mail in which no carrier is found is distinguished from one whose carrier is broken. */
  private named(step: () => Buffer): Buffer {
    try {
      return step();
    } catch (error) {
      throw error instanceof NotACarrier && error.reason === 'no-carrier'
        ? new NotACarrier('no-carrier', this.file)
        : error;
    }
  }

  private read(inside: Inside, bytes: Buffer): Buffer {
    switch (inside.kind) {
      case 'page': {
        const ciphertext = inside.scanner.push(bytes);
        if (inside.scanner.progress === 'nothing-here') throw new NotACarrier('no-carrier', this.file);
        return ciphertext;
      }
      case 'text':
        return inside.decoder.update(bytes);
      case 'mail':
        return this.named(() => inside.walker.push(bytes));
      case 'coded':
        return inside.reader.push(inside.transfer.push(bytes));
      case 'file':
        return inside.file.push(bytes);
    }
  }
}

/** Programs that save a part of a mail as it lies there leave its encoding to the reader. */
function encodingLeft(start: string): 'quoted-printable' | 'base64' | null {
  if (/^<[^]{0,400}=3D["']/i.test(start)) return 'quoted-printable';
  if (start.startsWith(AGE_IN_BASE64URL) || !/^[\w+/\r\n]{40,}={0,2}\s*$/.test(start)) return null;
  const decoded = Buffer.from(start, 'base64').toString('latin1').trimStart();
  return /^(?:\u00ef\u00bb\u00bf)?<(?:!doctype|html|meta|head)/i.test(decoded) ? 'base64' : null;
}
