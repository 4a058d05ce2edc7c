import type { EventStoreDbEventStore, EventStoreDbOptions } from './eventstoredb-event-store.ts';

/**
 * Opens EventStoreDB as an EventStore. What speaks to it is loaded only now: an appliance on one machine pays nothing for what a
 * cluster needs. Does not connect yet. @throws EventStoreMisconfigured
 */
export async function openEventStoreDb(url: string, options?: EventStoreDbOptions): Promise<EventStoreDbEventStore> {
  const adapter = await import('./eventstoredb-event-store.ts');
  return adapter.EventStoreDbEventStore.open(url, options);
}
