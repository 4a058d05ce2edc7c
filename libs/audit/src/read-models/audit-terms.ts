/** What a list of events is kept of. */
export type TermKind =
  | 'message'
  | 'sender'
  | 'recipient'
  | 'claimant'
  | 'reader'
  | 'subject'
  | 'submission'
  | 'case'
  | 'sign-in'
  | 'challenge';

export function termOf(kind: TermKind, value: string): string {
  return `${kind}:${value}`;
}

/** `2026-11-30T12`: as many characters of an instant. */
export const HOUR_CHARACTERS = 13;
