import { Base64UrlDecoder } from './base64url-decoder.ts';
import { joinedPieces } from './joined-pieces.ts';
import { NotACarrier } from './not-a-carrier.ts';

const NOTHING = Buffer.alloc(0);
/** 256 KiB: the field begins some 3 KiB into our page; scanners and browsers that save pages add to it. */
const MAX_SEARCHED_CHARACTERS = 256 * 1024;
/** Searched again only when this much has come, so that a page in single bytes costs no more than one in one piece. */
const SEARCH_STEP_CHARACTERS = 4 * 1024;
/** No match of FIELD is longer: what was searched in vain is searched again only so far back. */
const MAX_FIELD_CHARACTERS = 512;
const FIELD = /<input\b[^<>]{0,200}\bname\s{0,9}=\s{0,9}["']?m["']?\s[^<>]{0,200}?\bvalue\s{0,9}=\s{0,9}(["'])/i;
/**
 * The same recognised by what is in it (base64url of `age-encryption.org`), for pages whose tags a program has written anew: attributes in
 * another order, without quotes, without our mark.
 */
const FIELD_OF_SEAL =
  /<input\b[^<>]{0,200}?\bvalue\s{0,9}=\s{0,9}(["']?)(?:\s|&(?:#(?:10|13|xa|xd)|newline);){0,8}(?=YWdlLWVuY3J5cHRpb24ub3Jn)/i;
const MARK = /<meta\b[^<>]{0,200}\bname\s{0,9}=\s{0,9}["']?segl\b/i;
/** Line ends that a program wrote as character references. */
const LINE_END_REFERENCE = /&(?:#(?:10|13|xa|xd)|newline);/gi;
const AMPERSAND = 0x26;
/** Long enough for any of those. */
const MAX_REFERENCE = 9;

/** Finds the ciphertext in `message.html` as the page passes, and knows when it has the whole of it. */
export class MessagePageScanner {
  private readonly decoder: Base64UrlDecoder;
  private searched = '';
  private searchAgainAt = 0;
  private mark = -1;
  private searchedUpTo = 0;
  private quote = '';
  private held = '';
  private state: 'before' | 'within' | 'behind' | 'nothing-here' = 'before';

  constructor(maxCiphertextBytes: number) {
    this.decoder = new Base64UrlDecoder({ maxBytes: maxCiphertextBytes });
  }

  /** `nothing-here`: this is no page of ours. `behind`: the ciphertext is whole, what follows is of no interest. */
  get progress(): 'before' | 'within' | 'behind' | 'nothing-here' {
    return this.state;
  }

  /** @returns ciphertext, maybe nothing, in a buffer of its own. @throws NotACarrier damaged, too-large */
  push(piece: Buffer): Buffer {
    switch (this.state) {
      case 'within':
        return this.value(piece);
      case 'before':
        this.searched += piece.toString('latin1');
        return this.searched.length < this.searchAgainAt ? NOTHING : this.search();
      default:
        return NOTHING;
    }
  }

  /** There is no more of the page. @throws NotACarrier damaged, too-large, cut-short */
  end(): Buffer {
    const bytes = this.state === 'before' ? this.search() : NOTHING;
    if (this.progress === 'within') throw new NotACarrier('cut-short');
    return bytes;
  }

  private search(): Buffer {
    this.searchAgainAt = this.searched.length + SEARCH_STEP_CHARACTERS;
    // Never from the start again: a page made for it would cost the square of its length.
    const again = Math.max(0, this.searchedUpTo - MAX_FIELD_CHARACTERS);
    if (this.mark < 0) {
      const at = this.searched.slice(again).search(MARK);
      if (at >= 0) this.mark = again + at;
    }
    const from = Math.max(this.mark, again);
    const rest = this.searched.slice(from);
    const field = (this.mark < 0 ? null : FIELD.exec(rest)) ?? FIELD_OF_SEAL.exec(rest);
    this.searchedUpTo = this.searched.length;
    if (!field) {
      if (this.searched.length > MAX_SEARCHED_CHARACTERS) {
        this.state = 'nothing-here';
        this.searched = '';
      }
      return NOTHING;
    }
    this.state = 'within';
    this.quote = field[1] ?? '';
    const value = this.searched.slice(from + field.index + field[0].length);
    this.searched = '';
    return this.value(Buffer.from(value, 'latin1'));
  }

  private value(piece: Buffer): Buffer {
    const end = this.endIn(piece);
    if (end >= 0) this.state = 'behind';
    const text = end >= 0 ? piece.subarray(0, end) : piece;
    const hasReferences = this.held !== '' || text.includes(AMPERSAND);
    const bytes = this.decoder.update(hasReferences ? this.withoutReferences(text) : text);
    return end < 0 ? bytes : joinedPieces([bytes, this.decoder.finish()]);
  }

  /** Where the field ends: at its quote, or without one at what HTML ends it with. Negative where it goes on. */
  private endIn(piece: Buffer): number {
    return this.quote === '' ? piece.toString('latin1').search(/[\s>]/) : piece.indexOf(this.quote);
  }

  private withoutReferences(piece: Buffer): Buffer {
    const text = (this.held + piece.toString('latin1')).replace(LINE_END_REFERENCE, '\n');
    const open = text.lastIndexOf('&');
    const isOpen = this.state === 'within' && open >= 0 && text.length - open < MAX_REFERENCE;
    this.held = isOpen ? text.slice(open) : '';
    return Buffer.from(isOpen ? text.slice(0, open) : text, 'latin1');
  }
}
