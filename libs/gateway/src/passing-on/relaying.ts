import { streamName } from '#libs/event-store';
import type { Fold, StreamName } from '#libs/event-store';
import { isClaimed, secondsBetween } from '#libs/vocabulary';
import type { Instant, MessageId } from '#libs/vocabulary';
import { relayingEvents } from './relaying-events.ts';
import type { RelayedAs, RelayingEvent } from './relaying-events.ts';

/** Names one mail to one recipient, whoever tries it how often (relaying-id.ts). */
export type RelayingId = string & { readonly __brand: 'RelayingId' };

export interface KeptBeginning {
  readonly treatment: RelayedAs;
  readonly rule: string;
  readonly messageId: MessageId | null;
  readonly keptSeal: string | null;
}

export type Relaying =
  | { readonly status: 'unknown' }
  /** Somebody sends it, until `endsBy` at the latest. Behind that moment nobody knows whether the next hop took it. */
  | ({ readonly status: 'under-way'; readonly endsBy: Instant } & KeptBeginning)
  /** The next hop said not now, or was not reached: not taken, as far as is known. */
  | ({ readonly status: 'deferred' } & KeptBeginning)
  | { readonly status: 'relayed' }
  | { readonly status: 'refused' };

export const relayings: Fold<Relaying, RelayingEvent> = {
  events: relayingEvents.events,
  initialState: () => ({ status: 'unknown' }),
  evolve(state, event) {
    if (state.status === 'relayed') return state; // whatever an attempt says that was slower: it is there
    switch (event.type) {
      case 'RelayingBegun': {
        const { treatment, rule, messageId = null, keptSeal = null, endsBy } = event.data;
        return { status: 'under-way', treatment, rule, messageId, keptSeal, endsBy };
      }
      case 'RelayingResumed':
        return 'rule' in state ? { ...state, status: 'under-way', endsBy: event.data.endsBy } : state;
      case 'RelayingDeferred':
        return 'rule' in state ? { ...keptOf(state), status: 'deferred' } : state;
      case 'CarrierRelayed':
      case 'MailPassedOn':
        return { status: 'relayed' };
      case 'MailRefused':
        return { status: 'refused' };
      default:
        event satisfies never;
        return state;
    }
  },
};

function keptOf({ treatment, rule, messageId, keptSeal }: KeptBeginning): KeptBeginning {
  return { treatment, rule, messageId, keptSeal };
}

export function relayingStream(relayingId: RelayingId): StreamName {
  return streamName(relayingEvents.category, relayingId);
}

export type RelayingPlan =
  /** It has the mail. */
  | { readonly step: 'nothing' }
  /** An attempt is under way, here or elsewhere. */
  | { readonly step: 'wait' }
  | { readonly step: 'begin' }
  /** The same seal under the same id: the next hop may have the first one. */
  | { readonly step: 'resume'; readonly messageId: MessageId | null; readonly keptSeal: string | null };

/** How a mail is to be tried now, and until when at the latest. */
export interface RelayingWish {
  readonly treatment: RelayedAs;
  readonly rule: string;
  readonly now: Instant;
  readonly endsBy: Instant;
}

/**
 * What to do with a mail that is tried, again perhaps. An attempt of which the end is not known is made once more just as it was, as
 * long as policy says the same; where policy has changed meanwhile, it counts: a mail that is to be sealed now never leaves in clear
 * because it did so yesterday.
 */
export function planRelaying(state: Relaying, { treatment, rule, now, endsBy }: RelayingWish): RelayingPlan {
  switch (state.status) {
    case 'relayed':
      return { step: 'nothing' };
    case 'unknown':
    case 'refused':
      return { step: 'begin' };
    case 'under-way':
      // Another gateway's attempt may take longer than ours.
      if (isClaimed(state.endsBy, now, 2 * secondsBetween(now, endsBy))) return { step: 'wait' };
      break;
    case 'deferred':
  }
  const isSame = state.treatment === treatment && state.rule === rule;
  return isSame ? { step: 'resume', messageId: state.messageId, keptSeal: state.keptSeal } : { step: 'begin' };
}
