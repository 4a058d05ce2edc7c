import { DomainError } from '#libs/vocabulary';
import type { KindOfFile } from '#libs/mail';
import type { Refusal } from './admission.ts';

/** One answer for all that cannot be shown. The reason is for the counters: no page, header or time gives it away. */
export class CannotBeShown extends DomainError {
  /** Beside what admission refuses: `altered`, `not-sealed-mail` and `seal-broken` are found in the bytes themselves. */
  readonly reason: Refusal | 'altered' | 'not-sealed-mail' | 'seal-broken';

  /** What was uploaded, where it is no carrier at all: that gives nothing away, so the page says it. */
  readonly file: KindOfFile | null;

  constructor(reason: CannotBeShown['reason'], file: KindOfFile | null = null) {
    super('cannot-be-shown', reason);
    this.reason = reason;
    this.file = file;
  }
}
