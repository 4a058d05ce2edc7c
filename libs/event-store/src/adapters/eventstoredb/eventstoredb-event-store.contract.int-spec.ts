import { describe, it } from '@jest/globals';
import { eventStoreContract, importContract, type OpenedStore } from '../../testing/index.ts';
import { EventStoreDbEventStore } from './eventstoredb-event-store.ts';

// A server of its own for the tests: esdb://… without credentials; what they write stays there.
const server = process.env.SEGL_TEST_EVENTSTORE;

async function openStores(url: string): Promise<OpenedStore<EventStoreDbEventStore>> {
  const opened: EventStoreDbEventStore[] = [];
  const openAnother = async (): Promise<EventStoreDbEventStore> => {
    const store = await EventStoreDbEventStore.open(url);
    opened.push(store);
    return store;
  };
  return {
    store: await openAnother(),
    openAnother,
    async cleanUp() {
      await Promise.all(opened.map((store) => store.close()));
    },
  };
}

if (server === undefined) {
  describe('event store contract: EventStoreDB, real server', () => {
    it.skip('SEGL_TEST_EVENTSTORE names none', () => undefined);
  });
} else {
  eventStoreContract('EventStoreDB, real server', () => openStores(server));
  importContract('EventStoreDB, real server', () => openStores(server));
}
