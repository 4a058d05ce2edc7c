import { DomainError } from '#libs/vocabulary';
import type { Refusal } from './admission.ts';

/** One answer for all that cannot be shown. The reason is for the counters: no page, header or time tells it. */
export class CannotBeShown extends DomainError {
  /** Beside what admission refuses: `altered`, `not-sealed-mail` and `seal-broken` are found in the bytes themselves. */
  readonly reason: Refusal | 'altered' | 'not-sealed-mail' | 'seal-broken';

  constructor(reason: CannotBeShown['reason']) {
    super('cannot-be-shown', reason);
    this.reason = reason;
  }
}
