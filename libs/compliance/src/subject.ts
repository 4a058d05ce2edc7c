import type { Fold } from '#libs/event-store';
import { DomainError } from '#libs/vocabulary';
import type { Instant, Mandate } from '#libs/vocabulary';
import { subjectEvents } from './subject-events.ts';
import type { SubjectEvent } from './subject-events.ts';

/** Whom the organisation's own people decide about. */
export interface Subject {
  /** Numbers of the cases that hold this person. */
  readonly holds: ReadonlySet<string>;
  readonly isErased: boolean;
}

export const subjects: Fold<Subject, SubjectEvent> = {
  events: subjectEvents.events,
  initialState: () => ({ holds: new Set(), isErased: false }),
  evolve(state, event) {
    switch (event.type) {
      case 'HoldPlaced':
        return { ...state, holds: new Set([...state.holds, event.data.caseNumber]) };
      case 'HoldLifted':
        return { ...state, holds: new Set([...state.holds].filter((held) => held !== event.data.caseNumber)) };
      case 'SessionsEnded':
        return state;
      case 'ErasureBegun':
        return { ...state, isErased: true };
      default:
        event satisfies never;
        return state;
    }
  },
};

/** A legal hold stands in the way. */
export class UnderLegalHold extends DomainError {
  readonly caseNumbers: readonly string[];

  constructor(caseNumbers: readonly string[]) {
    super('under-legal-hold', `the person is under legal hold (${caseNumbers.join(', ')}): lift it first`);
    this.caseNumbers = caseNumbers;
  }
}

/** Too late: the erasure has begun, and nothing brings the person back. */
export class SubjectIsErased extends DomainError {
  constructor() {
    super('subject-is-erased', 'the person was erased: there is nothing left to hold');
  }
}

/** Nobody of that id is known, nor was. */
export class NobodyToHold extends DomainError {
  constructor() {
    super('nobody-to-hold', 'nobody of that id is or was here: there is nobody to hold');
  }
}

/** There is no such hold to lift. */
export class NoSuchHold extends DomainError {
  constructor(caseNumber: string) {
    super('no-such-hold', `no hold of case ${caseNumber} is on that person`);
  }
}

export type MandateOfCase = Mandate & { readonly caseNumber: string };

/** The same case twice is no event; several cases may hold one person. @throws SubjectIsErased */
export function placeHold(state: Subject, mandate: MandateOfCase, now: Instant): SubjectEvent[] {
  if (state.isErased) throw new SubjectIsErased();
  return state.holds.has(mandate.caseNumber) ? [] : [{ type: 'HoldPlaced', data: { ...mandate, placedAt: now } }];
}

/** @throws NoSuchHold */
export function liftHold(state: Subject, mandate: MandateOfCase, now: Instant): SubjectEvent[] {
  if (!state.holds.has(mandate.caseNumber)) throw new NoSuchHold(mandate.caseNumber);
  return [{ type: 'HoldLifted', data: { ...mandate, liftedAt: now } }];
}

/** Again is no event: an erasure that broke off is carried on with. @throws UnderLegalHold */
export function beginErasure(state: Subject, mandate: Mandate, now: Instant): SubjectEvent[] {
  if (state.isErased) return [];
  if (state.holds.size > 0) throw new UnderLegalHold([...state.holds].sort());
  return [{ type: 'ErasureBegun', data: { ...mandate, begunAt: now } }];
}
