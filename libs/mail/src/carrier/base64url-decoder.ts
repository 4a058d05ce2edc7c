import { NotACarrier } from './not-a-carrier.ts';

const NOTHING = Buffer.alloc(0);

/**
 * base64url (or base64) in pieces of text to bytes. White space anywhere is passed over and padding at the end is allowed: mail
 * programs and browsers add both. Everything else that is not of the alphabet is damage.
 */
export class Base64UrlDecoder {
  private readonly maxBytes: number;
  private bytes = 0;
  private rest = '';
  private isPadded = false;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** @returns bytes of its own. @throws NotACarrier damaged, too-large */
  update(text: string): Buffer {
    const characters = this.rest + (/\s/.test(text) ? text.replace(/\s+/g, '') : text);
    if (characters.length === 0) return NOTHING;
    if (this.isPadded && /[^=]/.test(characters)) throw new NotACarrier('damaged');
    const whole = characters.length - (characters.length % 4);
    this.rest = characters.slice(whole);
    return this.decode(characters.slice(0, whole));
  }

  /** @throws NotACarrier damaged, too-large */
  finish(): Buffer {
    const last = this.rest.replace(/=+$/, '');
    this.rest = '';
    if (last.length === 1) throw new NotACarrier('damaged');
    return this.decode(last);
  }

  private decode(characters: string): Buffer {
    const bytes = Buffer.from(characters, 'base64');
    let expected = Math.floor((characters.length * 3) / 4);
    const padding = characters.endsWith('==') ? 2 : characters.endsWith('=') ? 1 : 0;
    if (padding > 0) {
      this.isPadded = true;
      expected -= padding;
    }
    // Node passes over what is not of the alphabet and stops at padding: both leave fewer bytes than there should be.
    if (bytes.length !== expected) throw new NotACarrier('damaged');
    this.bytes += bytes.length;
    if (this.bytes > this.maxBytes) throw new NotACarrier('too-large');
    return bytes;
  }
}
