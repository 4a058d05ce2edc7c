import { decodeText } from './charsets.ts';

/** What an encoded word begins with: charset, maybe with a language (RFC 2231 §5), and encoding. */
const BEGINS = /=\?([\w.:*+-]{1,60})\?([bq])\?/iy;
/** A `?=` that does not end a word: an unencoded question mark before an encoded byte, with the true end still to come. */
const GOES_ON = /\?=[0-9a-f]{2}[^\s?]{0,80}\?=/iy;
const BETWEEN = /^\s+$/;

/** An encoded word (RFC 2047 §2) in a text. */
export interface EncodedWord {
  readonly start: number;
  /** Behind its `?=`. */
  readonly end: number;
  readonly charset: string;
  readonly bytes: Buffer;
}

/**
 * The encoded words of a text, in order and in linear time. Forgiving: spaces and question marks within a word are taken as text,
 * since many programs forget to encode them; a word that is never closed is none.
 */
export function* encodedWordsIn(text: string): Generator<EncodedWord> {
  let start = text.indexOf('=?');
  let end = -1;
  while (start >= 0) {
    BEGINS.lastIndex = start;
    const [begun, charset = '', encoding = ''] = BEGINS.exec(text) ?? [''];
    const from = start + begun.length;
    if (begun !== '' && end < from) end = endOfContent(text, from, encoding);
    if (begun !== '' && end < 0) return; // nothing is closed from here on
    const content = text.slice(from, end);
    if (begun === '' || content.includes('=?')) {
      start = text.indexOf('=?', start + 2);
      continue;
    }
    const bytes = /b/i.test(encoding) ? Buffer.from(content, 'base64') : qDecoded(content);
    yield { start, end: end + 2, charset, bytes };
    start = text.indexOf('=?', end + 2);
  }
}

function endOfContent(text: string, from: number, encoding: string): number {
  let end = text.indexOf('?=', from);
  while (end >= 0 && /q/i.test(encoding)) {
    GOES_ON.lastIndex = end;
    if (!GOES_ON.test(text)) break;
    end = text.indexOf('?=', end + 2);
  }
  return end;
}

/** The "Q" encoding (RFC 2047 §4.2). */
function qDecoded(content: string): Buffer {
  return Buffer.from(
    content
      .replaceAll('_', ' ')
      .replace(/=([0-9a-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}

/**
 * Encoded words decoded, all else as it is. White space between two words belongs to neither (RFC 2047 §6.2), and the bytes of
 * neighbours in one charset are joined before they are decoded: mailers split them within a character.
 */
export function decodeEncodedWords(text: string): string {
  const pieces: (string | { readonly charset: string; readonly bytes: Buffer[] })[] = [];
  let at = 0;
  for (const { start, end, charset, bytes } of encodedWordsIn(text)) {
    const between = text.slice(at, start);
    const last = pieces.at(-1);
    const isNeighbour = last !== undefined && (between === '' || BETWEEN.test(between));
    if (between !== '' && !isNeighbour) pieces.push(between);
    if (isNeighbour && typeof last === 'object' && isSame(last.charset, charset)) last.bytes.push(bytes);
    else pieces.push({ charset, bytes: [bytes] });
    at = end;
  }
  pieces.push(text.slice(at));
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : decodeText(Buffer.concat(piece.bytes), piece.charset).text))
    .join('');
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** 36 bytes make a word of 60 characters: with the name of a short field in front still under the 76 of a line (RFC 2047 §2). */
const MAX_WORD_BYTES = 36;

/** Any text as encoded words, split between characters, a space between words. */
export function asEncodedWords(text: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of text.toWellFormed()) {
    if (Buffer.byteLength(word + character) > MAX_WORD_BYTES) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  if (word !== '') words.push(word);
  return words.map((each) => `=?utf-8?B?${Buffer.from(each).toString('base64')}?=`).join(' ');
}
