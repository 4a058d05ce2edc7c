import { readState } from '#libs/event-store';
import type { EventStore, Fold } from '#libs/event-store';
import { messageStream, sealedMessageEvents } from '#libs/sealing';
import type { MessageTerm, SealedMessageEvent } from '#libs/sealing';
import { DomainError } from '#libs/vocabulary';
import type { Instant, MessageId } from '#libs/vocabulary';
import { bounceEvents, bounceStream } from '../bounce-events.ts';
import type { BounceEvent } from '../bounce-events.ts';
import { deliveryStream } from '../delivery-events.ts';
import { deliveries } from './deliveries.ts';
import type { Delivery, Refusal } from './deliveries.ts';
import type { MessageAsker } from './settings.ts';
import { submissions, submissionStream } from './submission.ts';
import type { Submission, SubmissionId } from './submission.ts';

/** What became of a message, in the words of the record. Of who read it, nothing: a message has one recipient. */
export interface MessageHistory {
  readonly sealedAt: Instant;
  readonly expiresAt: Instant;
  readonly policy: string | null;
  readonly terms: readonly MessageTerm[];
  readonly submissionId: SubmissionId | null;
  readonly revokedAt: Instant | null;
  readonly firstViewedAt: Instant | null;
  readonly lastViewedAt: Instant | null;
}

/** Null for a message that was never sealed here. Looking at a file, or saving one, is no view of the message. */
const messageHistories: Fold<MessageHistory | null, SealedMessageEvent> = {
  events: sealedMessageEvents.events,
  initialState: () => null,
  contentRemoved(history, { type, time }) {
    if (history === null || type !== 'MessageViewed') return history;
    return { ...history, firstViewedAt: history.firstViewedAt ?? time, lastViewedAt: time };
  },
  evolve(history, event) {
    if (event.type === 'MessageSealed') {
      if (history !== null) return history;
      const { sealedAt, expiresAt, policy = null, terms = [], submissionId } = event.data;
      const id = (submissionId ?? null) as SubmissionId | null;
      const notYet = { revokedAt: null, firstViewedAt: null, lastViewedAt: null };
      return { sealedAt, expiresAt, policy, terms, submissionId: id, ...notYet };
    }
    if (history === null) return null;
    switch (event.type) {
      case 'MessageViewed': {
        const { viewedAt } = event.data;
        return { ...history, firstViewedAt: history.firstViewedAt ?? viewedAt, lastViewedAt: viewedAt };
      }
      case 'MessageRevoked':
        return { ...history, revokedAt: history.revokedAt ?? event.data.revokedAt };
      case 'AttachmentDownloaded':
      case 'AttachmentViewed':
        return history;
      default:
        event satisfies never;
        return history;
    }
  },
};

/** Not sealed here, not the asker's, or sealed for a submission that was never accepted, so that nothing left: one answer. */
export class NoSuchMessage extends DomainError {
  constructor() {
    super('no-such-message', 'no message of that name that this client may ask about');
  }
}

/** How the carrier came back, the first time that it did. */
export type Bounce = Pick<BounceEvent['data'], 'reason' | 'status' | 'bouncedAt'>;

const firstBounces: Fold<Bounce | null, BounceEvent> = {
  events: bounceEvents.events,
  initialState: () => null,
  evolve: (first, { data: { reason, status, bouncedAt } }) => first ?? { reason, status, bouncedAt },
};

export interface MessageStanding extends MessageHistory {
  /** When the relay took the carrier; null where it has not, or not by the record. */
  readonly relayedAt: Instant | null;
  readonly refusal: Refusal | null;
  readonly bounce: Bounce | null;
  /** `waiting`: the record has no outcome yet. Null for what another way than a program's submission brought. */
  readonly delivery: 'relayed' | 'refused' | 'handed-out' | 'waiting' | null;
}

/** What a program may know of a message: its own, or with the right to it any. @throws NoSuchMessage, EventStoreUnavailable */
export async function standingFor(
  { clientId, mayAskAboutAll }: MessageAsker,
  messageId: MessageId,
  store: EventStore,
): Promise<MessageStanding> {
  const { state: history } = await readState(store, messageStream(messageId), messageHistories);
  if (history === null) throw new NoSuchMessage();
  const bounce = async () => (await readState(store, bounceStream(messageId), firstBounces)).state;
  if (history.submissionId === null) {
    if (!mayAskAboutAll) throw new NoSuchMessage();
    return { ...history, delivery: null, relayedAt: null, refusal: null, bounce: await bounce() };
  }
  const { state } = await readState(store, submissionStream(history.submissionId), submissions);
  const isAccepted = state.status === 'accepted' && state.messages.some((one) => one.messageId === messageId);
  if (!isAccepted || !(mayAskAboutAll || state.clientId === clientId)) throw new NoSuchMessage();
  const delivered = await deliveryBy(state, messageId, store);
  return { ...history, ...delivered, bounce: await bounce() };
}

async function deliveryBy(
  { delivery, acceptedAt }: Extract<Submission, { status: 'accepted' }>,
  messageId: MessageId,
  store: EventStore,
): Promise<Pick<MessageStanding, 'delivery' | 'relayedAt' | 'refusal'>> {
  if (delivery === 'hand-out') return { delivery: 'handed-out', relayedAt: null, refusal: null };
  if (delivery === 'at-once') return { delivery: 'relayed', relayedAt: acceptedAt, refusal: null };
  const { state } = await readState(store, deliveryStream(messageId), deliveries);
  return standingOf(state);
}

function standingOf(delivery: Delivery): Pick<MessageStanding, 'delivery' | 'relayedAt' | 'refusal'> {
  if (delivery === null) return { delivery: 'waiting', relayedAt: null, refusal: null };
  if (delivery.outcome === 'relayed') return { delivery: 'relayed', relayedAt: delivery.relayedAt, refusal: null };
  const { reason, status, refusedAt } = delivery;
  return { delivery: 'refused', relayedAt: null, refusal: { reason, status, refusedAt } };
}
