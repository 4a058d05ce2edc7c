import { decideAndAppend } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import type { KeyListing } from '#libs/keyring';
import type { Instant } from '#libs/vocabulary';
import { keyStream, knownKeys } from './key-events.ts';
import type { KeyEvent, KnownKeys } from './key-events.ts';

type KeyActEvent = Exclude<KeyEvent, { type: 'KeysFound' }>;

/** What is known already is no event, so it may be called again after a failure. @throws EventStoreUnavailable, TooMuchContention */
export async function recordKeyAct(store: EventStore, act: KeyActEvent): Promise<void> {
  await decideAndAppend(store, keyStream, knownKeys, (known) => (isKnown(known, act) ? [] : [act]));
}

/**
 * At a start: what this keyring holds and the record does not know of, since it was made or destroyed on a machine without the record. Of
 * several processes that start together each difference is recorded once. @returns the event's keys; empty when there was no difference
 */
export async function recordKeysFound(
  store: EventStore,
  keyring: readonly KeyListing[],
  foundAt: Instant,
): Promise<readonly { readonly keyId: string; readonly isDestroyed: boolean }[]> {
  const { events } = await decideAndAppend(store, keyStream, knownKeys, (known): KeyEvent[] => {
    const keys = keyring
      .map(({ keyId, status }) => ({ keyId, isDestroyed: status === 'destroyed' }))
      .filter(({ keyId, isDestroyed }) => !(isDestroyed ? known.destroyed : known.made).has(keyId));
    return keys.length === 0 ? [] : [{ type: 'KeysFound', data: { foundAt, keys } }];
  });
  return events.flatMap((event) => (event.type === 'KeysFound' ? event.data.keys : []));
}

function isKnown({ made, destroyed }: KnownKeys, { type, data: { keyId } }: KeyActEvent): boolean {
  return (type === 'KeyDestroyed' ? destroyed : made).has(keyId);
}
