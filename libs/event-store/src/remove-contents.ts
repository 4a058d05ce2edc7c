import { DomainError } from '#libs/vocabulary';
import type { EventStore, Position, RecordedEvent } from './event-store.ts';

/** Events that one call takes: others' appends wait for no more than that. */
export const MAX_REMOVED_EVENTS = 1000;

/**
 * Takes the content out of events and leaves their leaves, where a store can: what retention does. Ids, streams, revisions, types, times and the order
 * stay, and so does every proof of the ledger. A store that cannot change what it holds does not offer it.
 */
export interface ContentRemoval {
  /**
   * All of it or nothing. May be repeated: an event whose content was removed before is left as it is.
   *
   * @param events  1 to MAX_REMOVED_EVENTS
   * @throws RemovalRefused  another event stands at one of the positions; nothing was removed
   * @throws TypeError       no events, too many, or what is no position of this store; nothing was removed
   * @throws EventStoreUnavailable  the outcome may be unknown
   */
  removeContents(events: readonly Pick<RecordedEvent, 'id' | 'position'>[]): Promise<void>;
}

/** Whether a store changes what it holds for this: a file does, EventStoreDB never. */
export function canRemoveContents(store: EventStore): store is EventStore & ContentRemoval {
  return (store as Partial<ContentRemoval>).removeContents !== undefined;
}

/** The record is not the one that was looked at when it was decided. */
export class RemovalRefused extends DomainError {
  constructor(position: Position) {
    super('removal-refused', `another event stands at position ${position} than the one whose content was to go`);
  }
}
