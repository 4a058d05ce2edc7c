import { createHash } from 'node:crypto';
import { base32Lower } from '#libs/vocabulary';
import type { ChallengeId } from './passcode.ts';

/**
 * Four characters that stand on the page and in the mail alike, so that a reader takes the code from the right mail, and
 * sees that a page which shows others is not where this mail comes from (threats.md A15).
 */
export function codeReference(challengeId: ChallengeId, codeNumber: number): string {
  const digest = createHash('sha256').update(`segl-code-reference\0${challengeId}\0${codeNumber}`).digest();
  return base32Lower(digest).slice(0, 4).toUpperCase();
}
