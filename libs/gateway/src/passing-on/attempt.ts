import type { Instant } from '#libs/vocabulary';
import type { OutgoingMail } from '../outgoing-mail.ts';
import type { MailPolicy } from '../policy/policy.ts';
import type { MailLook } from './look-at-mail.ts';

/** One try of one mail, for all its recipients. */
export interface Attempt {
  readonly mail: OutgoingMail;
  readonly look: MailLook;
  /** The one in force when it began. */
  readonly policy: MailPolicy;
  /** When nothing of it is under way any more, surely: what its claims say. */
  readonly endsBy: Instant;
  /** Ends what is being sent, well before `endsBy`. */
  readonly timeUp: AbortSignal;
  /** Whether nothing new may be begun: its time is over, or the process stops. */
  isOver(): boolean;
}
