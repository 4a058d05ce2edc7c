import { expect } from '@jest/globals';
import type { DomainEvent, Fold } from '../domain-event.ts';

/**
 * A decision, tested as it reads: what has happened, what is decided, what then happens.
 *
 *     given(passcodes, issued, rejected).when((state) => verifyOtp(state, attempt)).then(accepted)
 *
 * `.then()` without events: nothing happens. (What `.when()` returns is for chaining only: it is no promise.)
 */
export function given<State, Event extends DomainEvent>(
  fold: Fold<State, Event>,
  ...events: readonly NoInfer<Event>[]
): { when(decide: (state: State) => readonly Event[]): Decision<Event> } {
  return {
    when: (decide) => {
      const state = events.reduce<State>((before, event) => fold.evolve(before, event), fold.initialState());
      return {
        then: (...expected) => expect(decide(state)).toEqual(expected),
        thenThrows: (code) => expect(thrownBy(() => decide(state))).toMatchObject({ code }),
      };
    },
  };
}

export interface Decision<Event> {
  /** Exactly these events, in this order. */
  then(...expected: readonly Event[]): void;
  /** A DomainError with this code. */
  thenThrows(code: string): void;
}

function thrownBy(work: () => unknown): unknown {
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    return error;
  }
  throw new Error(`nothing was thrown; it was decided: ${JSON.stringify(result)}`);
}
