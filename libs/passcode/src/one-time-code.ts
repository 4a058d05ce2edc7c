import { randomFillSync, randomInt } from 'node:crypto';
import { asciiDigits } from '#libs/vocabulary';
import type { OtpForm } from './passcode.ts';

/**
 * A code in the one spelling that is digested: 8 digits, or 16 characters of base32 in lower case, as ASCII. Bytes in memory of their own, and never
 * a string, so that whoever is done with it can wipe it (`fill(0)`). Never in an event or log.
 */
export type OneTimeCode = Uint8Array<ArrayBuffer> & { readonly __brand: 'OneTimeCode' };

const CHARACTERS: Readonly<Record<OtpForm, number>> = { short: 8, long: 16 };
const GROUP = 4;
const ZERO = 0x30;
const SPACE = 0x20;
/** RFC 4648 §6, in lower case. */
const BASE32 = Buffer.from('abcdefghijklmnopqrstuvwxyz234567');
/** What people and mail programs put between groups (any white space, hyphens and dashes), and what they put in without showing it: direction marks, soft hyphens, joiners, spaces of no width. */
const BETWEEN = /^[\s\-\u2010-\u2015\u2212\p{Cf}]$/u;
/** Characters that base32 leaves out because they look like one of its own. */
const LOOKALIKES: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '8': 'b' };
/** 400: a long code, each character and each sign around it in another script. */
const MAX_ENTERED_BYTES = 400;

/** 26.6 bits, guarded by counting, or 80 bits, which need none. From the system's generator, every code equally likely. */
export function newOneTimeCode(form: OtpForm): OneTimeCode {
  const code = blank(CHARACTERS[form]);
  if (form === 'long') {
    randomFillSync(code);
    for (let at = 0; at < code.length; at++) code[at] = BASE32[(code[at] ?? 0) & 31] ?? 0;
    return code as OneTimeCode;
  }
  let number = randomInt(0, 100_000_000);
  for (let at = code.length - 1; at >= 0; at--) {
    code[at] = ZERO + (number % 10);
    number = Math.floor(number / 10);
  }
  return code as OneTimeCode;
}

/** As it stands in the mail, in groups of four and ASCII: `1234 5678`, `ABCD EFGH 2345 QRST`. For the caller to wipe. */
export function showOneTimeCode(code: OneTimeCode): Uint8Array {
  const shown = blank(code.length + code.length / GROUP - 1).fill(SPACE);
  code.forEach((byte, at) => {
    const isLetter = byte >= 0x61;
    shown[at + Math.floor(at / GROUP)] = isLetter ? byte - 0x20 : byte;
  });
  return shown;
}

/**
 * What somebody entered, in UTF-8, however it is grouped or cased.
 * @returns null for what cannot be a code of this form, and so is no guess either
 */
export function parseOneTimeCode(entered: Uint8Array, form: OtpForm): OneTimeCode | null {
  if (entered.length > MAX_ENTERED_BYTES) return null;
  const code = blank(CHARACTERS[form]);
  let length = 0;
  for (const character of charactersOf(entered)) {
    const plain = plainOf(character, form);
    if (plain === '') continue;
    if (plain === null || length === code.length) {
      code.fill(0);
      return null;
    }
    code[length++] = plain.charCodeAt(0);
  }
  if (length === code.length) return code as OneTimeCode;
  code.fill(0);
  return null;
}

/** One character of a code as it is digested; '' for what stands between or around them, null for what is none. */
function plainOf(character: string, form: OtpForm): string | null {
  if (BETWEEN.test(character)) return '';
  const plain = asciiDigits(narrow(character));
  if (form === 'short') return /^[0-9]$/.test(plain) ? plain : null;
  const letter = /^[A-Z]$/.test(plain) ? plain.toLowerCase() : (LOOKALIKES[plain] ?? plain);
  return /^[a-z2-7]$/.test(letter) ? letter : null;
}

/** Full-width letters as ASCII (U+FF01 to U+FF5E); nothing else is folded, so that no look-alike becomes a letter. */
function narrow(character: string): string {
  return character.replace(/[\uff21-\uff3a\uff41-\uff5a]/, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}

/** One after the other, so that no string holds more of a code than one of its characters. What is no UTF-8 gives U+FFFD. */
function* charactersOf(bytes: Uint8Array): Generator<string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < buffer.length;) {
    const lead = buffer[at] ?? 0;
    const width = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    yield buffer.toString('utf8', at, Math.min(at + width, buffer.length));
    at += width;
  }
}

/** Not of the heap, nor of the pool that small buffers share: what is wiped there may have been copied before. */
function blank(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(length));
}
