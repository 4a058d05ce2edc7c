import { streamName } from '#libs/event-store';
import type { DomainEvent, Fold, StreamDescriptor } from '#libs/event-store';
import { DomainError, secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import type { TreeHead } from './checkpoint.ts';

/**
 * The stream of the log's own signed heads. Each is appended at the revision of its predecessor, before anybody else is shown it, so
 * that two consoles cannot sign two histories.
 */
export type LedgerEvent = DomainEvent<
  'CheckpointSigned',
  {
    origin: string;
    /** Leaves: every event of the log before this one's own place, in the order of the log. */
    size: number;
    /** Base64 of 32 bytes, as in the note. */
    root: string;
    ledgerKeyId: string;
    signedAt: Instant;
    /** The signed note, byte for byte as it was published. */
    note: string;
  }
>;

export const ledgerEvents = {
  category: 'ledger',
  names: 'nothing',
  events: {
    CheckpointSigned: {
      version: 1,
      evidence: 'bookkeeping',
      outcome: 'done',
      persons: {},
      encrypted: {},
      messages: {},
      facts: { happenedAt: 'signedAt' },
      words: ['origin', 'ledgerKeyId'],
    },
  },
} as const satisfies StreamDescriptor<LedgerEvent>;

export const LEDGER_STREAM = streamName(ledgerEvents.category, 'checkpoints');

/** 1,000 events: how much may be changed unseen behind the last checkpoint (threats.md A47). */
export const MAX_EVENTS_WITHOUT_CHECKPOINT = 1000;
/** Ten minutes, also when nothing happened: a log that stands still says so. */
export const MAX_SECONDS_WITHOUT_CHECKPOINT = 600;

/** What was signed last; null before the first. */
export type Ledger = Pick<LedgerEvent['data'], 'origin' | 'size' | 'root' | 'signedAt' | 'note'> | null;

export const ledger: Fold<Ledger, LedgerEvent> = {
  events: ledgerEvents.events,
  initialState: () => null,
  evolve(state, event) {
    return event.type === 'CheckpointSigned' ? event.data : state;
  },
};

/** The log as it stands hashes to something else than was signed: it was changed, and nothing more is signed over it. */
export class LedgerContradicted extends DomainError {
  readonly size: number;

  constructor(size: number, origin: string) {
    super('ledger-contradicted', `the log contradicts the checkpoint of ${origin} at ${size} events`);
    this.size = size;
  }
}

export interface CheckpointFacts {
  readonly head: TreeHead;
  /** What the first `state.size` leaves of this log hash to now; null when it has fewer. */
  readonly rootAtLast: Uint8Array | null;
  readonly now: Instant;
  readonly ledgerKeyId: string;
  /** Makes the note; asked only when there is something to sign. */
  readonly sign: (head: TreeHead) => string;
  /** Signs although neither bound is reached: before an export, or when an officer asks. */
  readonly isWanted?: boolean;
}

/**
 * Signs the head when 1,000 events or ten minutes have passed since the last one. A log that holds less than what was signed is left
 * alone (this process may be behind); one that holds something else is refused.
 *
 * @throws LedgerContradicted
 */
export function signHead(state: Ledger, facts: CheckpointFacts): LedgerEvent[] {
  const { head, rootAtLast, now, ledgerKeyId, sign, isWanted = false } = facts;
  // The name that was signed first stays: a portal that is renamed is still the same log.
  const origin = state?.origin ?? head.origin;
  if (state !== null) {
    if (rootAtLast === null || head.size < state.size) return [];
    if (Buffer.from(rootAtLast).toString('base64') !== state.root) throw new LedgerContradicted(state.size, origin);
    const isDue =
      head.size - state.size >= MAX_EVENTS_WITHOUT_CHECKPOINT ||
      Math.abs(secondsBetween(state.signedAt, now)) >= MAX_SECONDS_WITHOUT_CHECKPOINT;
    if (!isDue && !(isWanted && head.size > state.size)) return [];
  }
  const note = sign({ ...head, origin });
  const root = Buffer.from(head.root).toString('base64');
  return [{ type: 'CheckpointSigned', data: { origin, size: head.size, root, ledgerKeyId, signedAt: now, note } }];
}
