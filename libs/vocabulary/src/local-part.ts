/*
 * The part before the at sign. ASCII is what RFC 5322 §3.2.3 calls atext, less `%` and `!`, which old mailers route by. Beyond ASCII
 * (RFC 6531, RFC 6532) it is letters, marks and digits only, so that what a person reads is what it is: the classes of PRECIS
 * (RFC 8264 §9, RFC 8265 §3.3), scripts mixed no further than "highly restrictive" (UTS #39 §5.2), and the rule of RFC 5893 §2 for
 * what is written from right to left.
 */

const ATOM_ASCII = "A-Za-z0-9#$&'*+/=?^_`{|}~-";
const WORDS_AND_DOTS = new RegExp(`^[.\\P{ASCII}${ATOM_ASCII}]+$`, 'u');
const DOT_STRING = new RegExp(`^[\\P{ASCII}${ATOM_ASCII}]+(\\.[\\P{ASCII}${ATOM_ASCII}]+)*$`, 'u');

/** Whether it is words with dots, anywhere and any number of them: what some providers hand out, and only that. */
export function isWordsAndDots(localPart: string): boolean {
  return WORDS_AND_DOTS.test(localPart);
}

/** Whether it may stand without quotes (RFC 5321 §4.1.2): no dot at an end, no two in a row. */
export function isDotString(localPart: string): boolean {
  return DOT_STRING.test(localPart);
}

/** Letters, marks and digits that have a script of their own: the others look like punctuation, or like nothing. */
const CLEAR = /^[\p{Ll}\p{Lu}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}]$/u;
const UNCLEAR =
  /[\p{Default_Ignorable_Code_Point}\p{scx=Common}\u01c0-\u01c3\u02b0-\u02ff\ua700-\ua721\ua78b\ua78c\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]/u;
/** A mark on nothing, one mark twice, a pile of them, and the dot that nobody sees over an i. */
const ODD_MARKS = /(?:^|[^\p{L}\p{M}\p{Nd}])\p{M}|(\p{Mn})\1|\p{M}{4}|[ij]\u0307/u;
/** One kind of digits. */
const MIXED_DIGITS =
  /[0-9].*[^\P{Nd}0-9]|[^\P{Nd}0-9].*[0-9]|[\u0660-\u0669].*[\u06f0-\u06f9]|[\u06f0-\u06f9].*[\u0660-\u0669]/u;
const RIGHT_TO_LEFT = /[\p{sc=Hebrew}\p{sc=Arabic}\p{sc=Thaana}]/u;
const WHOLE_RIGHT_TO_LEFT = /^\p{L}(?:.*[\p{L}\p{Nd}])?\p{M}*$/u;

/** Scripts in everyday use (UAX #31, table 5), one alone; with Latin letters only those that are written with them every day. */
const SCRIPTS = [
  ...['Latin', 'Latin|Han|Hiragana|Katakana', 'Latin|Han|Bopomofo', 'Latin|Han|Hangul', 'Arabic', 'Armenian'],
  ...['Bengali', 'Cyrillic', 'Devanagari', 'Ethiopic', 'Georgian', 'Greek', 'Gujarati', 'Gurmukhi', 'Hebrew'],
  ...[
    'Kannada',
    'Khmer',
    'Lao',
    'Malayalam',
    'Myanmar',
    'Oriya',
    'Sinhala',
    'Tamil',
    'Telugu',
    'Thaana',
    'Thai',
    'Tibetan',
  ],
].map((names) => {
  const scripts = names.split('|').map((name) => `\\p{scx=${name}}`);
  return new RegExp(`^(?:[${scripts.join('')}\\p{scx=Inherited}]|[^\\P{ASCII}A-Za-z])+$`, 'u');
});

/**
 * The one spelling of a local part: NFC (RFC 6532 §3.1), capitals folded as everywhere (RFC 8265 §3.3.2). Idempotent.
 * @returns null where it is letters that could be taken for others, or are none
 */
export function foldedLocalPart(localPart: string): string | null {
  if (/^\p{ASCII}*$/u.test(localPart)) return localPart.toLowerCase();
  for (const character of localPart) {
    if (/\p{ASCII}/u.test(character)) continue;
    const composed = character.normalize('NFC');
    // A form of another character, or one that becomes plain ASCII: KELVIN SIGN is a K.
    if (composed !== character.normalize('NFKC') || /\p{ASCII}/u.test(composed)) return null;
  }
  const folded = localPart.normalize('NFC').toLowerCase().normalize('NFC');
  const isClear = [...folded].every((each) => /\p{ASCII}/u.test(each) || (CLEAR.test(each) && !UNCLEAR.test(each)));
  if (!isClear || ODD_MARKS.test(folded) || MIXED_DIGITS.test(folded)) return null;
  if (!SCRIPTS.some((script) => script.test(folded))) return null;
  if (RIGHT_TO_LEFT.test(folded) && !WHOLE_RIGHT_TO_LEFT.test(folded)) return null;
  return folded;
}
