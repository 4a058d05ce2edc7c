import type { EventId } from '#libs/vocabulary';

/** What a JSON document can hold without loss: no dates, no undefined, no integers past 2^53, no NaN. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };

/**
 * Something that happened, as plain data, named in the past tense. One union for each kind of stream lists its whole
 * vocabulary. `id` is there when the event was made around it (personal data is encrypted under it); otherwise one is made
 * at the append. A property that is undefined is left out of the stored bytes.
 */
export interface DomainEvent<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
  readonly id?: EventId;
}

/** How the state of a stream follows from its events. `evolve` never throws: history is a fact; unknown types are skipped. */
export interface Fold<State, Event extends DomainEvent> {
  readonly initialState: () => State;
  readonly evolve: (state: State, event: Event) => State;
}
