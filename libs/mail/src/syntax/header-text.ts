import libmime from 'libmime';
import addressparser from 'nodemailer/lib/addressparser';
import type { Instant } from '#libs/vocabulary';
import { decodeText } from './charsets.ts';

/** Of one field, in characters, before it is looked at: what is longer is an attack or a list nobody reads. */
const MAX_FIELD = 64 * 1024;
const MAX_SHOWN = 2000;
/** Controls and what turns the reading direction round (Trojan Source): a header is one line of plain text. */
const STEERING = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/gu;
const ENCODED_WORD = /=\?([\w.:*+-]{1,60})\?([bq])\?([^?]{0,100000})\?=/gi;
const BETWEEN_WORDS = /(=\?[\w.:*+-]{1,60}\?[bq]\?[^?]{0,100000}\?=)\s+(?==\?[\w.:*+-]{1,60}\?[bq]\?)/gi;

/** One line of text for people: encoded words (RFC 2047) decoded, raw 8-bit read as UTF-8 or windows-1252, nothing that steers. */
export function headerText(value: string): string {
  return cleaned(decodeWords(value.slice(0, MAX_FIELD)));
}

function cleaned(text: string): string {
  const line = text.replace(/\s+/g, ' ').replace(STEERING, '').trim();
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…`.toWellFormed() : line.toWellFormed();
}

/** Neighbouring words of one charset and encoding are joined first: mailers split them within a character. */
export function decodeWords(value: string): string {
  const runs: { charset: string; bytes: Buffer[] }[] = [];
  const pieces: (string | { charset: string; bytes: Buffer[] })[] = [];
  const text = value.replace(BETWEEN_WORDS, '$1');
  let at = 0;
  let previousEnd = -1;
  for (const match of text.matchAll(ENCODED_WORD)) {
    const [whole, charset = '', encoding = '', content = ''] = match;
    const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : wordBytes(content);
    if (match.index > at) pieces.push(text.slice(at, match.index));
    const last = runs.at(-1);
    if (last && previousEnd === match.index && last.charset.toLowerCase() === charset.toLowerCase())
      last.bytes.push(bytes);
    else {
      const run = { charset, bytes: [bytes] };
      runs.push(run);
      pieces.push(run);
    }
    at = previousEnd = match.index + whole.length;
  }
  pieces.push(text.slice(at));
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : decodeText(Buffer.concat(piece.bytes), piece.charset).text))
    .join('');
}

/** The "Q" encoding (RFC 2047 §4.2). */
function wordBytes(content: string): Buffer {
  return Buffer.from(
    content
      .replaceAll('_', ' ')
      .replace(/=([0-9a-f]{2})/gi, (_whole, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}

/** `Name <address>, …`: parsed before it is decoded, so that no encoded word can pass for an address. */
export function addressesText(values: readonly string[], limit: number): { text: string; isCut: boolean } {
  const joined = values.join(', ');
  let list: { name: string; address: string }[];
  try {
    list = addressparser(joined.slice(0, MAX_FIELD), { flatten: true });
  } catch {
    return { text: headerText(joined), isCut: joined.length > MAX_FIELD };
  }
  const shown = list
    .slice(0, limit)
    .map(({ name, address }) => mailbox(cleaned(decodeWords(name)), cleaned(decodeWords(address))));
  const isCut = list.length > limit || joined.length > MAX_FIELD;
  return { text: shown.filter((each) => each !== '').join(', ') + (isCut ? ', …' : ''), isCut };
}

function mailbox(name: string, address: string): string {
  if (name === '' || name === address) return address;
  const shown = /[<>@,;:"]/.test(name) ? `"${name.replaceAll('"', "'")}"` : name;
  return address === '' ? shown : `${shown} <${address}>`;
}

/** @returns null for what is no date, or none in the years 0 to 9999. */
export function headerDate(value: string): Instant | null {
  const text = value
    .slice(0, 200)
    .replace(/\([^()]*\)/g, ' ')
    .trim();
  if (!/\d/.test(text)) return null;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return null;
  const instant = date.toISOString();
  return instant.length === 24 ? (instant as Instant) : null;
}

export interface FieldWithParameters {
  readonly value: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A structured field such as Content-Type, with RFC 2231 parameters joined and decoded; comments dropped. */
export function fieldWithParameters(value: string): FieldWithParameters {
  try {
    const parsed = libmime.parseHeaderValue(value.slice(0, MAX_FIELD), { stripComments: true });
    return { value: parsed.value.toLowerCase().trim(), parameters: parsed.params };
  } catch {
    return { value: '', parameters: {} };
  }
}
