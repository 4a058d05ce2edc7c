import { isAboutProof } from './admission.ts';
import type { Admission } from './admission.ts';

/**
 * The order of a reader's journey, written down once. Steps never call one another: each one redirects to `/m/:messageId`, where
 * this function says what is next, from the one admission (admission.ts) that was decided for this very browser. The address
 * `/m/:messageId` names a waiting message and grants nothing.
 *
 * | URL                                     | what it does                                             | goes to              |
 * |-----------------------------------------|----------------------------------------------------------|----------------------|
 * | GET  /                                  | what this is; a place to hand a carrier in               |                      |
 * | POST /open                              | takes ciphertext in (`OpenCarrier`)                      | /m/:messageId        |
 * | GET  /m/:messageId                      | the page of the next step                                |                      |
 * | GET  /m/:messageId/prove                | begins a sign-in for the recipient's address             | the identity provider|
 * | POST /m/:messageId/prove                | the same, with a code sent at once                       | the identity provider|
 * | …    /oidc, /sign-in, /prove/code       | our own provider: the bridge proves the address          | /authenticate        |
 * | GET  /authenticate?code=…&state=…       | takes the answer once, makes a session (`Authenticate`)  | /m/:messageId        |
 * | POST /m/:messageId/view                 | records, then shows the message (`DecryptView`)          |                      |
 * | POST /m/:messageId/print                | the same on a page of its own, for printing              |                      |
 * | POST /m/:messageId/original             | records, then hands out the mail as .eml                 |                      |
 * | POST /m/:messageId/attachments/:index   | records, then hands out one attachment                   |                      |
 * | POST /m/:messageId/attachments/:index/view | records, then shows an image or a PDF file (`ViewAttachment`) |          |
 * | POST /m/:messageId/attachments          | records each, then hands out several as ZIP              |                      |
 * | POST /m/:messageId/finish               | forgets the waiting ciphertext                           | /finished            |
 * | POST /sign-out                          | forgets the session                                      | /signed-out          |
 */
export type NextStep =
  /** Not here, not ours, revoked, expired: one answer, since each of these would tell something. */
  | 'cannot-be-shown'
  /** Ours and waiting; this browser has not proven the recipient's address, or not as the terms of the message ask. */
  | 'prove-address'
  /** Proven; nothing is shown without a click on a page of ours. */
  | 'confirm';

export function nextStep(decided: Admission): NextStep {
  if (decided.isAdmitted) return 'confirm';
  return isAboutProof(decided.reason) ? 'prove-address' : 'cannot-be-shown';
}
