import type { EventStore } from '#libs/event-store';
import type { SealedMessageEvent } from '#libs/sealing';
import type { Instant } from '#libs/vocabulary';

type SealedData = Extract<SealedMessageEvent, { type: 'MessageSealed' }>['data'];

/** How many messages that could still be opened answer to a condition. Reads all events once: about a million in 4 s. */
export async function countOpenable(
  store: EventStore,
  now: Instant,
  isMeant: (sealed: SealedData) => boolean,
): Promise<number> {
  return (await openableBy(store, now, isMeant)).size;
}

/** Sealing keys that a keyring lacks, each with how many messages could still be opened with it. Reads all events once. */
export async function countOrphaned(
  store: EventStore,
  now: Instant,
  hasKey: (keyId: string) => boolean,
): Promise<ReadonlyMap<string, number>> {
  const orphaned = await openableBy(store, now, ({ sealingKeyId }) => !hasKey(sealingKeyId));
  const counts = new Map<string, number>();
  for (const keyId of orphaned.values()) counts.set(keyId, (counts.get(keyId) ?? 0) + 1);
  return counts;
}

/** Stream → sealing key. */
async function openableBy(
  store: EventStore,
  now: Instant,
  isMeant: (sealed: SealedData) => boolean,
): Promise<ReadonlyMap<string, string>> {
  const openable = new Map<string, string>();
  for await (const event of store.readAll()) {
    if (event.type === 'MessageSealed') {
      const sealed = event.data as SealedData;
      if (now < sealed.expiresAt && isMeant(sealed)) openable.set(event.stream, sealed.sealingKeyId);
    } else if (event.type === 'MessageRevoked') {
      openable.delete(event.stream);
    }
  }
  return openable;
}
