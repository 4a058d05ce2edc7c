import { decodeEncodedWords } from './encoded-words.ts';

/** Of one field, in characters, before it is looked at: what is longer is an attack or a list nobody reads. */
export const MAX_FIELD = 64 * 1024;
const MAX_SHOWN = 2000;
/** Controls and what turns the reading direction round (Trojan Source): a header is one line of plain text. */
const STEERING = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/gu;

/** One line of text for people: encoded words (RFC 2047) decoded, nothing that steers, at most 2000 characters. */
export function headerText(value: string): string {
  const line = oneLine(decodeEncodedWords(value.slice(0, MAX_FIELD)));
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…`.toWellFormed() : line;
}

/** White space runs as one space each, none at the ends; nothing that steers, no half characters. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(STEERING, '').trim().toWellFormed();
}
