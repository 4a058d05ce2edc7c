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
    let characters = this.rest + text;
    if (characters.includes('\n')) characters = characters.replace(/\s+/g, '');
    if (characters.length === 0) return NOTHING;
    if (this.isPadded && /[^=\s]/.test(characters)) throw new NotACarrier('damaged');
    // Other white space is rare: it is looked for only where the decoding shows that something is there.
    return this.wholeGroups(characters) ?? this.wholeGroups(characters.replace(/\s+/g, '')) ?? damaged();
  }

  /** @throws NotACarrier damaged, too-large */
  finish(): Buffer {
    const last = this.rest.replace(/\s+/g, '').replace(/=+$/, '');
    this.rest = '';
    if (last.length === 1) throw new NotACarrier('damaged');
    return this.decoded(last) ?? damaged();
  }

  /** Leaves what is no group of four yet for the next time; null when something is not of the alphabet. */
  private wholeGroups(characters: string): Buffer | null {
    const whole = characters.length - (characters.length % 4);
    const bytes = this.decoded(characters.slice(0, whole));
    if (bytes) this.rest = characters.slice(whole);
    return bytes;
  }

  private decoded(characters: string): Buffer | null {
    const bytes = Buffer.from(characters, 'base64');
    const padding = characters.endsWith('==') ? 2 : characters.endsWith('=') ? 1 : 0;
    // Node passes over what is not of the alphabet and stops at padding: both leave fewer bytes than there should be.
    if (bytes.length !== Math.floor((characters.length * 3) / 4) - padding) return null;
    if (padding > 0) this.isPadded = true;
    this.bytes += bytes.length;
    if (this.bytes > this.maxBytes) throw new NotACarrier('too-large');
    return bytes;
  }
}

function damaged(): never {
  throw new NotACarrier('damaged');
}
