import { isNumber, isText, listOf, oneOf, orNull, recordLike, recordOf } from '#libs/ephemeral-store';
import { DomainError } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/**
 * The way of a canary mail, in order: sealed and recorded; its carrier is where a recipient's mail is; handed in at the portal; a code asked for; the mail
 * with the code is there; the address is proven; the message is on the page.
 */
export const CANARY_STEPS = ['seal', 'carrier', 'open', 'ask', 'code', 'prove', 'view'] as const;
export type CanaryStep = (typeof CANARY_STEPS)[number];

export interface CanaryRun {
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly outcome: 'passed' | 'failed';
  /** Those that were gone, the last one being that which failed. */
  readonly steps: readonly { readonly step: CanaryStep; readonly seconds: number }[];
  /** Null where it passed; for operators, in words of our own. */
  readonly reason: string | null;
}

/** What is known of canary mails, by whichever process sent them. */
export interface CanaryStanding {
  readonly last: CanaryRun;
  /** When the last one that passed had ended; null: none did, as far as is known. */
  readonly passedAt: Instant | null;
}

const isStep = recordLike<CanaryRun['steps'][number]>({ step: oneOf(...CANARY_STEPS), seconds: isNumber });
const isRun = recordLike<CanaryRun>({
  startedAt: isText,
  endedAt: isText,
  outcome: oneOf('passed', 'failed'),
  steps: listOf(isStep),
  reason: orNull(isText),
});
export const parseCanaryStanding = recordOf<CanaryStanding>({ last: isRun, passedAt: orNull(isText) });

/** A step did not come to its end. The message is for operators: no address, no code, nothing of a mail. */
export class CanaryStopped extends DomainError {
  constructor(reason: string, options?: ErrorOptions) {
    super('canary-stopped', reason, options);
  }
}

/** One is under way, here or in another process. */
export class CanaryUnderWay extends DomainError {
  constructor() {
    super('canary-under-way', 'a canary mail is under way already');
  }
}
