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

function markOf(messageId: MessageId) {
  return { name: 'segl-opened', subject: messageId };
}
