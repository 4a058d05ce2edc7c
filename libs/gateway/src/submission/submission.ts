import { createHash, randomBytes } from 'node:crypto';
import { readState, streamName } from '#libs/event-store';
import type { EventStore, Fold, StreamName } from '#libs/event-store';
import type { MessageTerm } from '#libs/sealing';
import { DomainError, base32Lower, isClaimed, secondsBetween, SteadyClock } from '#libs/vocabulary';
import type { Clock, EventId, MailAddress, MessageId, PersonId } from '#libs/vocabulary';
import type { CarrierEnvelope, Settlement } from '#libs/mail';
import { submissionEvents } from './submission-events.ts';
import type { SubmissionDelivery, SubmissionEvent } from './submission-events.ts';

export type { SubmissionDelivery, SubmissionEvent } from './submission-events.ts';

/** Names a submission: base32 of 160 bits, from the client's own key where it gave one. */
export type SubmissionId = string & { readonly __brand: 'SubmissionId' };

type DataOf<Type extends SubmissionEvent['type']> = Extract<SubmissionEvent, { type: Type }>['data'];

export type Submission =
  | { readonly status: 'unknown' }
  /** A gateway hands it to the relay until `endsBy`, or did and died. */
  | ({ readonly status: 'begun' } & Readonly<DataOf<'SubmissionBegun'>>)
  | ({ readonly status: 'accepted' } & Readonly<DataOf<'SubmissionAccepted'>>);

export const submissions: Fold<Submission, SubmissionEvent> = {
  events: submissionEvents.events,
  initialState: () => ({ status: 'unknown' }),
  evolve(state, event) {
    switch (event.type) {
      case 'SubmissionBegun':
        return state.status === 'accepted' ? state : { status: 'begun', ...event.data };
      case 'SubmissionAccepted':
        return state.status === 'accepted' ? state : { status: 'accepted', ...event.data };
      default:
        event satisfies never;
        return state;
    }
  },
};

export function submissionStream(submissionId: SubmissionId): StreamName {
  return streamName(submissionEvents.category, submissionId);
}

/** The key was used before, for another mail, other recipients or another way of delivery. */
export class SubmissionKeyReused extends DomainError {
  constructor() {
    super('submission-key-reused', 'the idempotency key was used before for another request');
  }
}

/** Another gateway, or another request, hands the same submission to the relay right now. */
export class SubmissionUnderWay extends DomainError {
  readonly secondsLeft: number;

  constructor(secondsLeft: number) {
    super('submission-under-way', 'the same submission is under way');
    this.secondsLeft = secondsLeft;
  }
}

export type SubmissionFacts = DataOf<'SubmissionAccepted'> & { readonly eventId: EventId };
export type HandOffFacts = DataOf<'SubmissionBegun'>;

/**
 * One attempt at a time to hand it to the relay: before its end nobody else begins one. Accepted before, it is no event: it is only
 * answered. @throws SubmissionUnderWay, SubmissionKeyReused
 */
export function beginHandOff(state: Submission, facts: HandOffFacts): SubmissionEvent[] {
  if (state.status !== 'unknown' && state.requestSha256 !== facts.requestSha256) throw new SubmissionKeyReused();
  if (state.status === 'accepted') return [];
  const longestSeconds = 2 * secondsBetween(facts.begunAt, facts.endsBy); // another gateway's may be longer than ours
  if (state.status === 'begun' && isClaimed(state.endsBy, facts.begunAt, longestSeconds))
    throw new SubmissionUnderWay(secondsBetween(facts.begunAt, state.endsBy));
  return [{ type: 'SubmissionBegun', data: facts }];
}

/** The same request again is no event: the state says what it was answered with. @throws SubmissionKeyReused */
export function acceptSubmission(state: Submission, { eventId, ...data }: SubmissionFacts): SubmissionEvent[] {
  if (state.status === 'unknown') return [{ type: 'SubmissionAccepted', id: eventId, data }];
  if (state.status === 'begun' && state.requestSha256 === data.requestSha256)
    return [{ type: 'SubmissionAccepted', id: eventId, data }];
  if (state.requestSha256 !== data.requestSha256) throw new SubmissionKeyReused();
  return [];
}

/**
 * The same client and key make the same id, in every process. Without a key each submission is one of its own. A key may say
 * something about people, and a digest of it can be guessed at: clients are told to use random ones.
 */
export function submissionIdOf(clientId: string, idempotencyKey: string | null): SubmissionId {
  const bytes =
    idempotencyKey === null
      ? randomBytes(20)
      : createHash('sha256').update(`segl submission\0${clientId}\0${idempotencyKey}`).digest().subarray(0, 20);
  return base32Lower(bytes) as SubmissionId;
}

export interface SubmittedRequest {
  readonly senderId: PersonId;
  readonly recipientIds: readonly PersonId[];
  readonly delivery: SubmissionDelivery;
  readonly mailSha256: string;
  readonly lifetimeSeconds?: number | null;
  readonly terms?: readonly MessageTerm[];
}

/** Lower-case hex. The order of the recipients and of the terms does not count. */
export function requestSha256(request: SubmittedRequest): string {
  const { senderId, recipientIds, delivery, mailSha256, lifetimeSeconds = null, terms = [] } = request;
  // A request that says nothing of these has the digest that it had before they could be said.
  const saidBesides = lifetimeSeconds === null && terms.length === 0 ? [] : [lifetimeSeconds, terms.toSorted()];
  return createHash('sha256')
    .update(JSON.stringify([senderId, recipientIds.toSorted(), delivery, mailSha256, ...saidBesides]))
    .digest('hex');
}

/** 60 s: an append that a dying process had sent off is in the store by then, or never will be. */
const UNDECIDED_SECONDS = 60;

/** For `OutboxOptions.settle`: a staged carrier leaves when its submission was accepted with just this message in it. */
export function settlementBy(store: EventStore, clock: Clock): (envelope: CarrierEnvelope) => Promise<Settlement> {
  const steady = new SteadyClock(clock); // a carrier that is discarded is gone, also where its submission comes to be accepted
  return async ({ submissionId, messageId, stagedAt }) => {
    const { state } = await readState(store, submissionStream(submissionId as SubmissionId), submissions);
    if (state.status !== 'accepted') {
      return secondsBetween(stagedAt, steady.now()) < UNDECIDED_SECONDS ? 'later' : 'discard';
    }
    if (!state.messages.some((message) => message.messageId === messageId)) return 'discard';
    if (state.delivery === 'at-once') return 'discard'; // the relay has it
    return state.delivery === 'relay' ? 'queue' : 'keep';
  };
}

/** One recipient's share of an answer. */
export interface SubmittedMessage {
  readonly to: MailAddress;
  readonly messageId: MessageId;
}
