import type { Clock, DomainError, Instant, MessageId } from '#libs/vocabulary';
import type { MailRelay } from './mail-relay.ts';
import type { Settlement } from './outbox-spool.ts';
import type { CarrierOutcome } from './outcome-notes.ts';
import type { CarrierEnvelope } from './staged-file.ts';

/** What became of one try to deliver a carrier, for logs and counts: no address and no word of the relay's reply. */
export interface DeliveryOutcome {
  /** `deferred`: will be tried again. `refused` by the relay for good, `expired` after too many days: kept in `refused`. */
  readonly outcome: 'relayed' | 'deferred' | 'refused' | 'expired';
  readonly messageId: MessageId;
  readonly submissionId: string;
  /** Tries so far, this one included. */
  readonly attempts: number;
  /** 0 when there was no reply. */
  readonly replyCode: number;
  /** RFC 3463, such as 5.1.1; null when the relay gave none. */
  readonly enhancedStatus: string | null;
  readonly secondsInOutbox: number;
  readonly at: Instant;
}

export interface OutboxOptions {
  /** `<SEGL_DATA_DIR>/outbox`: made where it is missing; on a local file system. Processes may share it. */
  readonly directory: string;
  readonly relay: MailRelay;
  /**
   * What becomes of a carrier that was staged by a process that died: `queue` when its submission was accepted, `keep` when it was
   * accepted and handed out, `discard` when it was not, `later` while that cannot be said. A throw leaves it for later too.
   */
  readonly settle: (envelope: CarrierEnvelope) => Promise<Settlement>;
  readonly onOutcome?: (outcome: DeliveryOutcome) => void;
  /**
   * Puts what became of a carrier for good into the record, before anybody is answered with it. May be called twice for one carrier, by
   * several processes; what it throws is a fault, and it is tried again later. Default: nothing is recorded.
   */
  readonly record?: (outcome: CarrierOutcome) => Promise<void>;
  /** A failure of the outbox itself (disk), not of a delivery. */
  readonly onFault?: (error: DomainError) => void;
  /** Deliveries at once. Default 3. */
  readonly concurrency?: number;
  /** Wait after the first failed try; doubled each time, with jitter. Default 60 s. */
  readonly firstRetrySeconds?: number;
  /** Default 1 h; where there was no connection at all, 5 min at most. */
  readonly maxRetrySeconds?: number;
  /** From staging on. Default 5 days: RFC 5321 §4.5.4.1. */
  readonly giveUpAfterSeconds?: number;
  /** How long refused carriers are kept: they name addresses. Default 30 days. */
  readonly keepRefusedSeconds?: number;
  /** How long carriers that were handed out are kept for the same request again. Default 1 day. */
  readonly keepHandedOutSeconds?: number;
  /** How often the queue is read for what other processes left, and for what has become due. Default 5 s. */
  readonly scanIntervalMs?: number;
  /** How often dead processes are looked for. Default 30 s. */
  readonly takeOverIntervalMs?: number;
  /** How long `close` waits for deliveries under way. Default 10 s. */
  readonly closeGraceMs?: number;
  readonly clock?: Clock;
  /** Milliseconds of a clock that is never set, for all pauses and waits. Only tests give one. */
  readonly monotonicMs?: () => number;
}
