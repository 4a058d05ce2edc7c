/**
 * What holds for a message beside who may read it and how long, as the organisation's policy had it when it was sealed. A message
 * without terms may be saved and printed, answered and passed on, and any proof of its recipient's address does.
 */
export type MessageTerm = (typeof MESSAGE_TERMS)[number];

/** In the order of a manifest. A reader refuses a message with a term that is not among these (FORMAT.md §4). */
export const MESSAGE_TERMS = [
  /** A one-time passcode is not enough: an account must prove the address. */
  'account',
  /** Not as a file, not on paper, no attachment saved. What is shown on a page is shown all the same. */
  'no-download',
  'no-forward',
  'no-reply',
  /** Several people read the recipient's mail: each says who they are. */
  'shared-mailbox',
] as const;

const SEPARATOR = ', ';

/** One spelling for the same terms, whatever order they come in; undefined where there are none. */
export function encodeTerms(terms: readonly MessageTerm[] | undefined): string | undefined {
  const inOrder = MESSAGE_TERMS.filter((term) => terms?.includes(term));
  return inOrder.length === 0 ? undefined : inOrder.join(SEPARATOR);
}

/** @returns null for a term that this release does not know: what it would forbid is not known either */
export function parseTerms(text: string): readonly MessageTerm[] | null {
  return parseMessageTerms(text.split(SEPARATOR));
}

/** In whichever order, and some of them twice. @returns null as `parseTerms` */
export function parseMessageTerms(words: readonly string[]): readonly MessageTerm[] | null {
  const terms = MESSAGE_TERMS.filter((term) => words.includes(term));
  return words.every((word) => terms.some((term) => term === word)) ? terms : null;
}
