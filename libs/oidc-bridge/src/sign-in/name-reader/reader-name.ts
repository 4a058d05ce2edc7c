/** 100 characters, as people count them: longer than any name that fits on a page of the record. */
export const MAX_NAME_CHARACTERS = 100;

/** Controls, line and paragraph separators, halves of characters, and what turns the direction of the text around it. */
const NEVER_IN_A_NAME = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** A name in somebody's own words, without what surrounds it. @returns null for what cannot be one */
export function parseReaderName(text: string): string | null {
  const name = text.trim();
  if (NEVER_IN_A_NAME.test(name) || !VISIBLE.test(name)) return null;
  return [...name].length <= MAX_NAME_CHARACTERS ? name : null;
}
