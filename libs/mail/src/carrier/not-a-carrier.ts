import { DomainError } from '#libs/vocabulary';
import type { KindOfFile } from './kind-of-file.ts';

/**
 * - `no-carrier`: no ciphertext of ours in it, or not within the first 256 KiB of a page
 * - `damaged`: it holds characters that base64url has not, or an impossible number of them
 * - `cut-short`: it ends before the ciphertext does
 * - `too-large`: more ciphertext than was allowed
 * - `second-field`, `other-field`: a form with more than, or something else than, the one field `m`
 */
export type NotACarrierReason = 'no-carrier' | 'damaged' | 'cut-short' | 'too-large' | 'second-field' | 'other-field';

/** What was uploaded is no carrier, or no whole one. The reason is for counts and for the operator's commands. */
export class NotACarrier extends DomainError {
  readonly reason: NotACarrierReason;
  /** What it is instead; null where that was not looked at, or a seal had begun. */
  readonly file: KindOfFile | null;

  constructor(reason: NotACarrierReason, file: KindOfFile | null = null) {
    super('not-a-carrier', `not a carrier: ${reason}`);
    this.reason = reason;
    this.file = file;
  }
}
