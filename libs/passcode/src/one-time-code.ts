import { randomBytes, randomInt } from 'node:crypto';
import { asciiDigits, base32Lower } from '#libs/vocabulary';
import type { OtpForm } from './passcode.ts';

/** A code in the one spelling that is digested: 8 digits, or 16 characters of base32 in lower case. Never in an event or log. */
export type OneTimeCode = string & { readonly __brand: 'OneTimeCode' };

const SHORT_CODE = /^[0-9]{8}$/;
const LONG_CODE = /^[a-z2-7]{16}$/;
/** What people and mail programs put between groups: any white space, hyphens and dashes. */
const SEPARATORS = /[\s\-\u2010-\u2015\u2212]+/g;
/** What phones and mail programs put in without showing it: direction marks, soft hyphens, joiners, spaces of no width. */
const INVISIBLE = /\p{Cf}+/gu;
/** Characters that base32 leaves out because they look like one of its own. */
const LOOKALIKES: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '8': 'b' };

/** 26.6 bits, guarded by counting, or 80 bits, which need none. From the system's generator, every code equally likely. */
export function newOneTimeCode(form: OtpForm): OneTimeCode {
  if (form === 'long') return base32Lower(randomBytes(10)) as OneTimeCode;
  return String(randomInt(0, 100_000_000)).padStart(8, '0') as OneTimeCode;
}

/** As it stands in the mail, in groups of four: `1234 5678`, `ABCD EFGH 2345 QRST`. */
export function showOneTimeCode(code: OneTimeCode): string {
  return (code.toUpperCase().match(/.{4}/g) ?? []).join(' ');
}

/**
 * What somebody entered, however it is grouped or cased.
 * @returns null for what cannot be a code of this form, and so is no guess either
 */
export function parseOneTimeCode(text: string, form: OtpForm): OneTimeCode | null {
  if (text.length > 100) return null;
  const bare = asciiDigits(narrow(text)).replace(INVISIBLE, '').replace(SEPARATORS, '');
  if (form === 'short') return SHORT_CODE.test(bare) ? (bare as OneTimeCode) : null;
  const letters = bare
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/[018]/g, (digit) => LOOKALIKES[digit] ?? digit);
  return LONG_CODE.test(letters) ? (letters as OneTimeCode) : null;
}

/** Full-width letters as ASCII (U+FF01 to U+FF5E); nothing else is folded, so that no look-alike becomes a letter. */
function narrow(text: string): string {
  return text.replace(/[\uff21-\uff3a\uff41-\uff5a]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0));
}
