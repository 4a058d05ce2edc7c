import { RevisionConflict, appendFacts, readState } from '#libs/event-store';
import type { EventStore, ExpectedRevision, StreamName } from '#libs/event-store';
import { newEventId } from '#libs/vocabulary';
import type { Instant, MessageId } from '#libs/vocabulary';
import { planRelaying, relayingStream, relayings } from './relaying.ts';
import type { RelayingId } from './relaying.ts';
import type { RelayedAs, RelayingEvent } from './relaying-events.ts';

export interface ClaimFacts {
  readonly relayingId: RelayingId;
  readonly treatment: RelayedAs;
  readonly rule: string;
  readonly clientId: string;
  readonly now: Instant;
  readonly endsBy: Instant;
}

/** How a claim is begun, or gone on with. */
export interface ClaimSteps<Begun> {
  begin(): Begun;
  /** What the record keeps of it. */
  keep(begun: Begun): { readonly messageId: MessageId; readonly keptSeal: string } | null;
  /** Null where it cannot be gone on with. */
  resume(messageId: MessageId | null, keptSeal: string | null): Promise<Begun | null>;
}

export interface Claimed<Begun> {
  readonly stream: StreamName;
  readonly revision: ExpectedRevision;
  readonly begun: Begun;
}

export type Claim<Begun> =
  | { readonly kind: 'claimed'; readonly claimed: Claimed<Begun> }
  /** The recipient has it. */
  | { readonly kind: 'taken-before' }
  /** Somebody else sends it now. */
  | { readonly kind: 'under-way' };

/** How often what the next hop took is tried to be recorded, and how long apart. */
const END_TRIES = 3;
const END_PAUSE_MS = 1000;

/** Claims on mails, one for each recipient: recorded before anything leaves, so that one gateway sends at a time. */
export class RelayingClaims {
  constructor(private readonly store: EventStore) {}

  /** @throws EventStoreUnavailable */
  async claim<Begun>(facts: ClaimFacts, steps: ClaimSteps<Begun>): Promise<Claim<Begun>> {
    const stream = relayingStream(facts.relayingId);
    const { state, revision } = await readState(this.store, stream, relayings);
    const plan = planRelaying(state, facts);
    if (plan.step === 'nothing') return { kind: 'taken-before' };
    if (plan.step === 'wait') return { kind: 'under-way' };
    const resumed = plan.step === 'resume' ? await steps.resume(plan.messageId, plan.keptSeal) : null;
    const begun = resumed ?? steps.begin();
    const event = resumed === null ? begunEvent(facts, steps.keep(begun)) : resumedEvent(facts);
    try {
      const appended = await this.store.append(stream, revision, [event]);
      return { kind: 'claimed', claimed: { stream, revision: appended.revision, begun } };
    } catch (error) {
      if (error instanceof RevisionConflict) return { kind: 'under-way' }; // another one was quicker
      throw error;
    }
  }

  /** What the next hop said for good: recorded behind whatever stands there. @throws EventStoreUnavailable after some tries */
  async end(
    { stream, revision }: Pick<Claimed<unknown>, 'stream'> & Partial<Pick<Claimed<unknown>, 'revision'>>,
    event: RelayingEvent,
  ): Promise<void> {
    const withId = { ...event, id: newEventId() }; // tried again it is the same event
    for (let attempt = 1; ; attempt++) {
      try {
        return await appendFacts(this.store, stream, [withId], { likelyRevision: revision ?? 'NONE' });
      } catch (error) {
        if (attempt >= END_TRIES) throw error;
        await new Promise((resume) => setTimeout(resume, END_PAUSE_MS));
      }
    }
  }

  /** Lets the claim go, so that the next try need not wait for its end; where somebody else has it by now, it stays theirs. */
  async letGo({ stream, revision }: Claimed<unknown>, event: RelayingEvent): Promise<void> {
    try {
      await this.store.append(stream, revision, [event]);
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
}

function begunEvent(
  { treatment, rule, clientId, now, endsBy }: ClaimFacts,
  kept: ReturnType<ClaimSteps<unknown>['keep']>,
): RelayingEvent {
  return { type: 'RelayingBegun', data: { treatment, rule, clientId, begunAt: now, endsBy, ...kept } };
}

function resumedEvent({ now, endsBy }: ClaimFacts): RelayingEvent {
  return { type: 'RelayingResumed', data: { resumedAt: now, endsBy } };
}
