import type { Fold } from '#libs/event-store';
import type { Instant, MessageId, PersonId } from '#libs/vocabulary';
import { bounceEvents } from '../bounce-events.ts';
import type { BounceEvent, BounceReason } from '../bounce-events.ts';

/** 5 bounces of one message are recorded: who has had its carrier could send more for ever. */
export const MAX_BOUNCES_RECORDED = 5;

export interface Bounces {
  readonly seen: ReadonlySet<string>;
}

export const bounces: Fold<Bounces, BounceEvent> = {
  events: bounceEvents.events,
  initialState: () => ({ seen: new Set() }),
  evolve: (state, event) => ({ seen: new Set([...state.seen, event.data.bounceSha256]) }),
};

export interface BounceFacts {
  readonly messageId: MessageId;
  readonly senderId: PersonId;
  readonly recipientId: PersonId;
  readonly reason: BounceReason;
  readonly status: string | null;
  readonly bounceSha256: string;
  readonly now: Instant;
}

/** The same bounce again is no event, nor is one past the bound. */
export function recordBounce({ seen }: Bounces, { now, ...facts }: BounceFacts): BounceEvent[] {
  if (seen.has(facts.bounceSha256) || seen.size >= MAX_BOUNCES_RECORDED) return [];
  return [{ type: 'CarrierBounced', data: { ...facts, bouncedAt: now } }];
}

/** RFC 3463 §3: the second number says what it is about. Null: nothing to go by. */
export function reasonOf(status: string | null): BounceReason {
  const [, subject = '', detail = ''] = /^[245]\.(\d{1,3})\.(\d{1,3})$/.exec(status ?? '') ?? [];
  if (subject === '2') return detail === '2' ? 'mailbox-full' : 'mailbox-unavailable';
  return REASONS[subject] ?? 'unknown';
}

const REASONS: Readonly<Record<string, BounceReason>> = {
  '1': 'no-such-mailbox',
  '3': 'mail-system',
  '4': 'network',
  '5': 'protocol',
  '6': 'content',
  '7': 'policy',
};
