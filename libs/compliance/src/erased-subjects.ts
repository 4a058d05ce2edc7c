import { readState } from '#libs/event-store';
import type { EventStore, Fold } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import type { Instant, PersonId } from '#libs/vocabulary';
import { erasureEvents, erasureStream } from './subject-events.ts';
import type { ErasureEvent } from './subject-events.ts';

/** Everybody whose erasure is recorded, and when that was. */
export type ErasedSubjects = ReadonlyMap<PersonId, Instant>;

export const erasedSubjects: Fold<ErasedSubjects, ErasureEvent> = {
  events: erasureEvents.events,
  initialState: () => new Map<PersonId, Instant>(),
  // In place, since each reading begins with a map of its own: copying it for each event would take minutes for many.
  evolve(state, { data: { personId, erasedAt } }) {
    if (!state.has(personId)) (state as Map<PersonId, Instant>).set(personId, erasedAt);
    return state;
  },
};

/** Read whole: a thousand take some milliseconds. @throws EventStoreUnavailable */
export async function readErasedSubjects(store: EventStore): Promise<ErasedSubjects> {
  return (await readState(store, erasureStream, erasedSubjects)).state;
}

/** Whose erasure is recorded and who is in the directory all the same: it was restored from a backup, or an erasure broke off. */
export async function erasedButThere(store: EventStore, persons: PersonDirectory): Promise<readonly PersonId[]> {
  const there: PersonId[] = [];
  for (const personId of (await readErasedSubjects(store)).keys()) {
    if ((await persons.findById(personId)) !== null) there.push(personId);
  }
  return there;
}

/**
 * Before anything is served: carries out every recorded erasure again where the directory has the person. @returns whom
 * @throws EventStoreUnavailable, PersonDirectoryUnavailable: then nothing may be served
 */
export async function replayErasures(store: EventStore, persons: PersonDirectory): Promise<readonly PersonId[]> {
  const there = await erasedButThere(store, persons);
  for (const personId of there) await persons.erase(personId);
  return there;
}

/** What is known of a person by their id: never there and erased are two answers. */
export async function standingOf(
  store: EventStore,
  persons: PersonDirectory,
  personId: PersonId,
): Promise<{ readonly is: 'known' | 'unknown' } | { readonly is: 'erased'; readonly erasedAt: Instant }> {
  const erasedAt = (await readErasedSubjects(store)).get(personId);
  if (erasedAt !== undefined) return { is: 'erased', erasedAt };
  return { is: (await persons.findById(personId)) === null ? 'unknown' : 'known' };
}
