import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendContract } from './contract/append-contract.ts';
import { newStream, noted, readAllOf, textsOf } from './contract/noted.ts';
import { racesContract } from './contract/races-contract.ts';
import { readingContract } from './contract/reading-contract.ts';
import type { EventStore } from '../event-store.ts';
import type { OpenedStore } from './open-temporary-sqlite.ts';

/**
 * What every EventStore does, races included: an adapter outside this suite is not supported. One store serves all tests, as
 * a server would, so tests use streams of their own and tell their events from others'.
 */
export function eventStoreContract(name: string, openStore: () => Promise<OpenedStore>): void {
  describe(`event store contract: ${name}`, () => {
    let opened: OpenedStore;
    let store: EventStore;
    let another: EventStore;

    beforeAll(async () => {
      opened = await openStore();
      store = opened.store;
      another = await opened.openAnother();
    });
    afterAll(() => opened.cleanUp());
    const at = {
      get store() {
        return store;
      },
      get another() {
        return another;
      },
    };

    appendContract(at);
    readingContract(at);
    racesContract(at);

    it('is writable, also without a stream to write to', async () => {
      await store.checkWritable();
      await another.checkWritable();
    });

    it('finishes what is under way when closed, then refuses', async () => {
      const closing = await opened.openAnother();
      const stream = newStream();
      const unavailable = { code: 'event-store-unavailable' };
      const subscribed = readAllOf(closing.subscribe({ signal: new AbortController().signal }));
      const ended = expect(subscribed).rejects.toMatchObject(unavailable);
      const appends = Promise.all([
        closing.append(stream, 'NONE', [noted('a')]),
        closing.append(newStream(), 'NONE', [noted('b')]),
      ]);
      await Promise.all([closing.close(), closing.close()]);
      await appends;
      expect(textsOf(await readAllOf(store.readStream(stream)))).toEqual(['a']);
      await ended;
      await expect(closing.append(stream, 0, [noted('c')])).rejects.toMatchObject(unavailable);
      await expect(readAllOf(closing.readStream(stream))).rejects.toMatchObject(unavailable);
      await expect(readAllOf(closing.readAll())).rejects.toMatchObject(unavailable);
      await expect(closing.checkWritable()).rejects.toMatchObject(unavailable);
    });
  });
}
