import { decodeText } from './charsets.ts';
import { decodeEncodedWords } from './encoded-words.ts';

/** A structured field such as Content-Type or Content-Disposition. */
export interface FieldWithParameters {
  /** What stands before the parameters, in lower case. */
  readonly value: string;
  /** By their names in lower case; of one that is given twice, the first. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Names of those given in the form of RFC 2231: what looks like an encoded word in them is text. */
  readonly extended: ReadonlySet<string>;
}

/** In characters: what is longer is an attack. */
const MAX_FIELD = 64 * 1024;
const MAX_SEGMENTS = 1000;

/** One piece of a parameter that RFC 2231 §3 lets be split: `name*2*=…`. */
interface Segment {
  readonly index: number;
  readonly isEncoded: boolean;
  readonly text: string;
}

/**
 * RFC 2045 §5.1 with the continuations and charsets of RFC 2231 (which RFC 5987 takes a part of), forgiving and in linear time: comments
 * outside of values are dropped, an unquoted value goes up to the next semicolon. Never throws.
 *
 * @param field its text, as `MailHeader` gives it
 */
export function fieldWithParameters(field: string): FieldWithParameters {
  const [value = '', ...rest] = pieces(field.slice(0, MAX_FIELD));
  const plain = new Map<string, string>();
  const segments = new Map<string, Segment[]>();
  for (const piece of rest) {
    const equals = piece.indexOf('=');
    const name = (equals < 0 ? piece : piece.slice(0, equals)).trim().toLowerCase();
    if (name === '') continue;
    const text = equals < 0 ? '' : valueOf(piece.slice(equals + 1));
    const extended = /^([^*]+)\*(?:(\d{1,4})(\*)?)?$/.exec(name);
    if (!extended) {
      if (!plain.has(name)) plain.set(name, text);
      continue;
    }
    const [, base = '', number, star] = extended;
    const segment = { index: Number(number ?? 0), isEncoded: number === undefined || star === '*', text };
    const others = segments.get(base) ?? [];
    if (others.length < MAX_SEGMENTS) others.push(segment);
    segments.set(base, others);
  }
  for (const [name, parts] of segments) plain.set(name, joined(parts)); // RFC 5987 §4.2: it is preferred
  return { value: valueOf(value).toLowerCase(), parameters: plain, extended: new Set(segments.keys()) };
}

/** The name of a file, whichever of the two fields has it; encoded words, which should not stand there, are decoded (RFC 2047 §5). */
export function fileNameOf(disposition: FieldWithParameters, type: FieldWithParameters): string | null {
  const [field, parameter] = disposition.parameters.get('filename') ? [disposition, 'filename'] : [type, 'name'];
  const name = field.parameters.get(parameter) ?? '';
  const decoded = field.extended.has(parameter) ? name : decodeEncodedWords(name);
  return decoded === '' ? null : decoded;
}

/** Cut at semicolons that stand in no quoted string, comments taken out; quoted strings still in quotes. */
function pieces(field: string): string[] {
  const found: string[] = [];
  let piece = '';
  let hasEquals = false;
  let isInToken = false; // within an unquoted value a parenthesis is part of it: `filename=Invoice(1).pdf`
  let mayBeComment = true;
  for (let at = 0; at < field.length; at++) {
    const character = field.charAt(at);
    if (character === ';') {
      found.push(piece);
      piece = '';
      hasEquals = isInToken = false;
    } else if (character === '"') {
      const end = endOfQuoted(field, at);
      piece += field.slice(at, end);
      at = end - 1;
      isInToken = false;
    } else if (character === '(' && mayBeComment && !isInToken) {
      const end = endOfComment(field, at);
      if (end < 0 && !field.includes(';', at)) break; // never closed: up to the end
      if (end >= 0) {
        // `filename=plan (2).pdf`: what goes on right behind it was part of the value
        if (/^\s*(?:file)?name\s*=\s*\S/i.test(piece) && /[^\s;]/.test(field.charAt(end)))
          piece += field.slice(at, end);
        at = end - 1;
      } else {
        mayBeComment = false; // what a parameter follows is none; looked for once
        piece += character;
      }
    } else {
      piece += character;
      hasEquals ||= character === '=';
      isInToken = hasEquals && !/\s/.test(character);
    }
  }
  found.push(piece);
  return found;
}

/** A quoted string, or a token with the white space at its ends gone. Behind a quoted string nothing counts. */
function valueOf(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith('"')) return trimmed;
  const end = endOfQuoted(trimmed, 0);
  return trimmed.slice(1, trimmed.charAt(end - 1) === '"' && end > 1 ? end - 1 : end).replace(/\\(.)/gs, '$1');
}

/** Behind the closing quote, or the end of a string that is never closed. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') at++;
    else if (character === '"') return at + 1;
  }
  return text.length;
}

/** Behind the parenthesis that closes a comment (they nest); -1 for one that is never closed. */
function endOfComment(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\') at++;
    else if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return at + 1;
  }
  return -1;
}

/** The pieces in their order; the first one that is encoded names the charset: `charset'language'text`. */
function joined(segments: readonly Segment[]): string {
  const ordered = [...segments].sort((one, other) => one.index - other.index);
  const [first] = ordered;
  const [, charset = '', start] = (first?.isEncoded ? /^([^']{0,60})'[^']{0,60}'(.*)$/s.exec(first.text) : null) ?? [];
  const bytes = ordered.map(({ text, isEncoded }, at) => {
    const content = at === 0 && start !== undefined ? start : text;
    return isEncoded ? percentDecoded(content) : Buffer.from(content);
  });
  return decodeText(Buffer.concat(bytes), charset).text;
}

function percentDecoded(text: string): Buffer {
  const pieces = text.split(/%([0-9a-f]{2})/i);
  return Buffer.concat(pieces.map((piece, at) => (at % 2 === 1 ? Buffer.from(piece, 'hex') : Buffer.from(piece))));
}
