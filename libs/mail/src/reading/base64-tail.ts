/** What is looked at of the end of a part that ends in words. */
const LOOKED_AT = 64 * 1024;
/** What is looked at to tell whether it does. */
const GLANCED_AT = 2 * 1024;
/** White space within, or a rule: a line of base64 that is damaged has neither. */
const ARE_WORDS = /\S\s+\S|^[-_*#]{2,}$/;
/** A line that only base64 has: padded, or longer than a word. */
const IS_BASE64 = /^(?:[A-Za-z0-9+/]{40,}|[A-Za-z0-9+/]{2,}={1,2})$/;

/**
 * Where the base64 of a part ends and words begin that somebody put behind it: lists and virus scanners add a line without asking what
 * they add it to. They begin behind the last padding, or else with the first line of words behind the last one of base64.
 *
 * @returns the length of the body without them; all of it where there are none
 */
export function base64Length(body: Buffer): number {
  const ending = body.toString('latin1', Math.max(0, body.length - GLANCED_AT)).split('\n');
  if (!ending.some((line) => ARE_WORDS.test(line.trim()))) return body.length;
  const from = Math.max(0, body.length - LOOKED_AT);
  let behindBase64 = -1;
  let wordsFrom = -1;
  let isPadded = false;
  let at = from;
  for (const line of body.toString('latin1', from).split('\n')) {
    const text = line.trim();
    const end = Math.min(body.length, at + line.length + 1);
    if (IS_BASE64.test(text)) {
      behindBase64 = end;
      wordsFrom = -1;
      isPadded = text.endsWith('=');
    } else if (wordsFrom < 0 && ARE_WORDS.test(text)) {
      wordsFrom = at;
    }
    at = end;
  }
  if (wordsFrom < 0) return body.length;
  return isPadded ? behindBase64 : wordsFrom;
}
