import type { EventId, Instant } from '#libs/vocabulary';
import type { EventDescriptors } from './event-descriptor.ts';

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
  /** Of the shape of `data`; absent is 1. See `event-descriptor.ts` and ops/decisions/2026-11-30-versions-of-events.md. */
  readonly version?: number | undefined;
}

/** An event whose shape is no longer its first: whoever makes one must say which shape that is. */
export type Revised<Version extends number, Event extends DomainEvent> = Event & { readonly version: Version };

/** How the state of a stream follows from its events. `evolve` never throws: history is a fact; unknown types are skipped. */
export interface Fold<State, Event extends DomainEvent> {
  readonly initialState: () => State;
  readonly evolve: (state: State, event: Event) => State;
  /** What an event still says whose content retention removed. Without it such events make no difference. */
  readonly contentRemoved?: (state: State, left: { readonly type: string; readonly time: Instant }) => State;
  /**
   * Events that are older than the newest by more than this make no difference to any decision: of a long stream only the younger ones are
   * read, so that a decision costs the same after ten years. Without it every event counts.
   */
  readonly forgetsAfterSeconds?: number;
  /**
   * What makes a difference to a decision stands among the first events or among the last: a stream begins with what it is about, and what ends
   * it is followed by nothing, since each decision is appended at the revision that it was made on. Of a long stream only the first 200 and
   * the last 200 are read. Not for a fold that counts, or looks for what may come at any place.
   */
  readonly isDecidedByItsEnds?: boolean;
  /** How events of older versions are read. Without it there is no version but the first. */
  readonly events?: EventDescriptors<Event>;
}
