import { encodedWordsIn } from './encoded-words.ts';

/** A lexical token of an address field (RFC 5322 §3.2). `broken` is what is never closed, or closes what was never opened. */
export interface AddressToken {
  readonly kind: 'atom' | 'encoded-word' | 'quoted' | 'comment' | 'literal' | 'broken' | Special;
  /** The inside of what is enclosed, quoted pairs undone. */
  readonly text: string;
  /** Where it stands in the field. */
  readonly start: number;
  readonly end: number;
}

type Special = ',' | ';' | ':' | '<' | '>' | '@' | '.';
const SPECIAL = /[,;:<>@.]/;
const CLOSING: Readonly<Record<string, string>> = { '"': '"', '(': ')', '[': ']' };
const KIND: Readonly<Record<string, AddressToken['kind']>> = { '"': 'quoted', '(': 'comment', '[': 'literal' };
/** Up to white space or a character with a meaning. */
const ATOM = /[^\s,;:<>@."()[\]\\]+/y;
/** An encoded word in which one of these stands unencoded is none (RFC 2047 §5 (3)): other readers see the character. */
const NOT_IN_A_WORD = /[<>@"()[\]\\]/;

/** In linear time. White space between tokens has no meaning and gives none. */
export function* addressTokens(field: string): Generator<AddressToken> {
  const words = encodedWordsIn(field);
  let word = words.next().value;
  let at = 0;
  while (at < field.length) {
    while (word && word.start < at) word = words.next().value;
    const start = at;
    const character = field.charAt(at);
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    if (word?.start === at && !NOT_IN_A_WORD.test(field.slice(at, word.end))) {
      at = word.end;
      yield { kind: 'encoded-word', text: field.slice(start, at), start, end: at };
    } else if (SPECIAL.test(character)) {
      yield { kind: character as Special, text: character, start, end: ++at };
    } else if (CLOSING[character] !== undefined) {
      const { text, end, isClosed } = enclosed(field, at);
      at = end;
      yield { kind: isClosed ? (KIND[character] ?? 'broken') : 'broken', text, start, end };
    } else {
      ATOM.lastIndex = at;
      const atom = ATOM.exec(field)?.[0];
      at += atom?.length ?? 1;
      yield { kind: atom === undefined ? 'broken' : 'atom', text: atom ?? character, start, end: at };
    }
  }
}

/** Of a quoted string, a comment (they nest) or a domain literal; of what is never closed, all the rest. */
function enclosed(field: string, start: number): { text: string; end: number; isClosed: boolean } {
  const opening = field.charAt(start);
  const closing = CLOSING[opening];
  let depth = 1;
  const pieces: string[] = [];
  for (let at = start + 1; at < field.length; at++) {
    const character = field.charAt(at);
    if (character === '\\' && at + 1 < field.length) {
      pieces.push(field.charAt(++at));
      continue;
    }
    if (character === closing && --depth === 0) return { text: pieces.join(''), end: at + 1, isClosed: true };
    if (character === opening && opening === '(') depth++;
    pieces.push(character);
  }
  return { text: pieces.join(''), end: field.length, isClosed: false };
}
