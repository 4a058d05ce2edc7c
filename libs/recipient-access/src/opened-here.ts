import type { Request } from 'express';
import { requestFacts } from '#libs/web-ui';
import type { MessageId } from '#libs/vocabulary';

/**
 * That this browser uploaded the attachment of a message. It grants nothing; but only such a browser, or one that proved the
 * recipient's address, learns anything at `/m/:messageId` or begins a sign-in there. To anybody else the address says the same
 * whatever the message is: open, revoked, unknown, waiting or not. So nobody who knows an address alone sees when its recipient is
 * at it, sends codes, or spends what is allowed for that person.
 */
export function markOpenedHere(request: Request, messageId: MessageId, seconds: number): void {
  requestFacts(request).leaveMark(markOf(messageId), { path: `/m/${messageId}`, seconds });
}

export function wasOpenedHere(request: Request, messageId: MessageId): boolean {
  return requestFacts(request).hasMark(markOf(messageId));
}

/** Seconds for which the page that leads to the portal's present name may stand open. */
const PROOF_SECONDS = 600;

/** What a form carries from an older name of the portal to its present one, where the mark is to be left. It marks nothing by itself. */
export function proofOfOpening(request: Request, messageId: MessageId): string {
  return requestFacts(request).signedMark(proofOf(messageId), PROOF_SECONDS);
}

export function isProofOfOpening(request: Request, messageId: MessageId, proof: string): boolean {
  return requestFacts(request).isSignedMark(proofOf(messageId), proof);
}

function proofOf(messageId: MessageId) {
  return { name: 'segl-opened-elsewhere', subject: messageId };
}

function markOf(messageId: MessageId) {
  return { name: 'segl-opened', subject: messageId };
}
