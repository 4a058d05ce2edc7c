import { afterAll, describe, it } from '@jest/globals';
import { eventStoreContract, EventStoreDbDouble, importContract } from '../../testing/index.ts';
import type { OpenedStore } from '../../testing/index.ts';
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

describe('on a protocol double', () => {
  const doubles: EventStoreDbDouble[] = [];
  afterAll(() => Promise.all(doubles.map((double) => double.stop())));

  async function openAtDouble(): Promise<OpenedStore<EventStoreDbEventStore>> {
    const double = await EventStoreDbDouble.start();
    doubles.push(double);
    return openStores(double.url);
  }

  eventStoreContract('EventStoreDB', openAtDouble);
  importContract('EventStoreDB', openAtDouble);
});

(server === undefined ? describe.skip : describe)('on the real server that SEGL_TEST_EVENTSTORE names', () => {
  if (server === undefined) {
    it('passes the contract of event stores', () => undefined);
    return;
  }
  eventStoreContract('EventStoreDB', () => openStores(server));
  importContract('EventStoreDB', () => openStores(server));
});
