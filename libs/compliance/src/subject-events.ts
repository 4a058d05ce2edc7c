import { ADMINISTRATIVE, streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant, PersonId } from '#libs/vocabulary';

interface Decision {
  by: string;
  caseNumber?: string;
  reason?: string;
  approvedBy?: string;
}

/** The stream `subject-<PersonId>`: holds and erasure exclude each other, so they share it. */
export type SubjectEvent =
  /** What concerns this person must be kept for that case: nobody erases the person until it is lifted. */
  | DomainEvent<'HoldPlaced', Decision & { caseNumber: string; placedAt: Instant }>
  | DomainEvent<'HoldLifted', Decision & { caseNumber: string; liftedAt: Instant }>
  /** Whoever has proven this person's address is signed in no more; they may sign in again. */
  | DomainEvent<'SessionsEnded', Decision & { endedAt: Instant }>
  /** From here on no hold is taken, and the erasure is carried through, however often it breaks off. */
  | DomainEvent<'ErasureBegun', Decision & { begunAt: Instant }>;

/**
 * The one stream `erasures-subjects`: recorded right before the person's key is destroyed, and carried out again at every start over a
 * directory that still, or again, has the person. What happened before it, happened to somebody; nobody can tell to whom.
 */
export type ErasureEvent = DomainEvent<
  'SubjectErased',
  Decision & { personId: PersonId; erasedAt: Instant; revokedMessages: number; withdrawnCarriers: number }
>;

const decision = { ...ADMINISTRATIVE, words: ['by', 'approvedBy', 'caseNumber', 'reason'] } as const;
const why = { caseNumber: 'caseNumber', reason: 'reason' } as const;

export const subjectEvents = {
  category: 'subject',
  names: { person: 'subject' },
  events: {
    HoldPlaced: { ...decision, facts: { ...why, happenedAt: 'placedAt' } },
    HoldLifted: { ...decision, facts: { ...why, happenedAt: 'liftedAt' } },
    SessionsEnded: { ...decision, facts: { ...why, happenedAt: 'endedAt' } },
    ErasureBegun: { ...decision, facts: { ...why, happenedAt: 'begunAt' } },
  },
} as const satisfies StreamDescriptor<SubjectEvent>;

export const erasureEvents = {
  category: 'erasures',
  names: 'nothing',
  events: {
    SubjectErased: { ...decision, persons: { personId: 'subject' }, facts: { ...why, happenedAt: 'erasedAt' } },
  },
} as const satisfies StreamDescriptor<ErasureEvent>;

export function subjectStream(personId: PersonId): StreamName {
  return streamName(subjectEvents.category, personId);
}

export const erasureStream: StreamName = streamName(erasureEvents.category, 'subjects');
