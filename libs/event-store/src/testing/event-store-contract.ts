import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newEventId, type EventId } from '#libs/vocabulary';
import canonicalize from 'canonicalize';
import type { DomainEvent } from '../domain-event.ts';
import {
  AppendTooLarge,
  EventStoreUnavailable,
  MAX_APPEND_BYTES,
  RevisionConflict,
  type EventStore,
  type Position,
  type RecordedEvent,
  type StreamName,
  type SubscriptionMessage,
} from '../event-store.ts';
import { streamName } from '../recorded-event.ts';
import type { OpenedStore } from './open-temporary-sqlite.ts';

type Noted = DomainEvent<'Noted', { text: string }>;

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

    describe('append', () => {
      it('starts a stream at revision 0 and goes on densely', async () => {
        const stream = newStream();
        expect(await store.append(stream, 'NONE', [noted('a'), noted('b')])).toMatchObject({ revision: 1 });
        expect(await store.append(stream, 1, [noted('c')])).toMatchObject({ revision: 2 });
        const events = await readAllOf(store.readStream(stream));
        expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2]);
        expect(textsOf(events)).toEqual(['a', 'b', 'c']);
      });

      it('answers with the position of the last event', async () => {
        const stream = newStream();
        const { position } = await store.append(stream, 'NONE', [noted('a'), noted('b')]);
        const events = await readAllOf(store.readStream(stream));
        expect(events.at(-1)?.position).toBe(position);
      });

      it.each([
        ['NONE at a stream that exists', 2, 'NONE', 1],
        ['a revision behind', 3, 1, 2],
        ['a revision ahead', 1, 1, 0],
        ['a revision of a stream that does not exist', 0, 0, 'NONE'],
      ] as const)('refuses %s and writes nothing', async (_, present, expected, actual) => {
        const stream = newStream();
        if (present > 0)
          await store.append(
            stream,
            'NONE',
            Array.from({ length: present }, (_, i) => noted(`${i}`)),
          );
        const refused = store.append(stream, expected, [noted('x'), noted('y')]);
        await expect(refused).rejects.toBeInstanceOf(RevisionConflict);
        await expect(refused).rejects.toMatchObject({ code: 'revision-conflict', expected, actual });
        expect(await readAllOf(store.readStream(stream))).toHaveLength(present);
      });

      it('keeps a given id and makes one where none is given', async () => {
        const stream = newStream();
        const given = noted('a');
        await store.append(stream, 'NONE', [given, { type: 'Noted', data: { text: 'b' } }]);
        const [a, b] = await readAllOf(store.readStream(stream));
        expect(a?.id).toBe(given.id);
        expect(b?.id).toMatch(/^[0-9a-f-]{36}$/);
        expect(b?.id).not.toBe(a?.id);
      });

      it.each([
        ['no events', () => []],
        ['the same id twice', () => [noted('a', FIXED_ID), noted('b', FIXED_ID)]],
        ['an id that is no UUID', () => [noted('a', 'first' as EventId)]],
        ['an id in capitals', () => [noted('a', FIXED_ID.toUpperCase() as EventId)]],
        ['the nil id', () => [noted('a', '00000000-0000-0000-0000-000000000000' as EventId)]],
        ['an empty type', () => [{ type: '', data: {} }]],
        ['a system type', () => [{ type: '$deleted', data: {} }]],
        ['a date', () => [{ type: 'Noted', data: { at: new Date() } }]],
        ['a big integer', () => [{ type: 'Noted', data: { n: 1n } }]],
        ['an integer past 2^53', () => [{ type: 'Noted', data: { n: 2 ** 53 } }]],
        ['NaN', () => [{ type: 'Noted', data: { n: NaN } }]],
        ['undefined in an array', () => [{ type: 'Noted', data: { list: [undefined] } }]],
        ['a lone surrogate', () => [{ type: 'Noted', data: { text: '\ud800' } }]],
      ])('refuses %s', async (_, events: () => DomainEvent[]) => {
        const stream = newStream();
        await expect(store.append(stream, 'NONE', events())).rejects.toBeInstanceOf(TypeError);
        expect(await readAllOf(store.readStream(stream))).toEqual([]);
      });

      it.each(['', 'nohyphen', '-id', 'category-', '$system-1', 'a b-1', 'a-ø', 'a-1\n', `a-${'x'.repeat(199)}`])(
        'refuses the stream name %j',
        async (stream) => {
          await expect(store.append(stream as StreamName, 'NONE', [noted('a')])).rejects.toBeInstanceOf(TypeError);
        },
      );

      it.each([-1, 0.5, NaN, 2 ** 53, 'ANY', null])('refuses to expect %j', async (expected) => {
        await expect(store.append(newStream(), expected as number, [noted('a')])).rejects.toBeInstanceOf(TypeError);
      });

      it('tells streams apart by case', async () => {
        const id = newEventId();
        await store.append(streamName('case', `${id}-a`), 'NONE', [noted('lower')]);
        await store.append(streamName('case', `${id}-A`), 'NONE', [noted('upper')]);
        expect(textsOf(await readAllOf(store.readStream(streamName('case', `${id}-A`))))).toEqual(['upper']);
      });

      it('takes nearly the limit, and refuses more, also as a sum', async () => {
        const stream = newStream();
        const nearly = 'x'.repeat(MAX_APPEND_BYTES - 500);
        await store.append(stream, 'NONE', [noted(nearly)]);
        const half = 'ø'.repeat(MAX_APPEND_BYTES / 4);
        for (const events of [[noted('x'.repeat(MAX_APPEND_BYTES))], [noted(half), noted(half)]]) {
          await expect(store.append(stream, 0, events)).rejects.toBeInstanceOf(AppendTooLarge);
        }
        const [event, ...others] = await readAllOf(store.readStream(stream));
        expect((event?.data as Noted['data']).text === nearly).toBe(true);
        expect(others).toEqual([]);
      });
    });

    describe('the bytes of an event', () => {
      it('are RFC 8785 of what is read, and the same from every entrance', async () => {
        const stream = newStream();
        const data = {
          text: 'æ€😀\u2028"\\\u0001\ufffd',
          z: [1, 1.5, -2e-7, true, null],
          a: { 10: 'x', 9: 'y' },
          gone: undefined,
        };
        const { position } = await store.append(stream, 'NONE', [noted('first'), { type: 'Noted', data }]);
        const [, event] = await readAllOf(store.readStream(stream));
        const { id, revision, type, time } = event as RecordedEvent;
        const text = canonicalize({ data, id, revision, stream, time, type });
        expect(Buffer.from(event?.bytes ?? []).toString()).toBe(text);
        expect(event?.data).toEqual(JSON.parse(JSON.stringify(data)));
        expect(event).toMatchObject({ stream, revision: 1, type: 'Noted', position });
        expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

        const all = (await readAllOf(another.readAll())).find((candidate) => candidate.id === id);
        const subscribed = await firstOf(another, (candidate) => candidate.id === id);
        for (const other of [all, subscribed]) {
          expect(Buffer.from(other?.bytes ?? []).equals(event?.bytes ?? Buffer.of())).toBe(true);
          expect(other).toMatchObject({ id, stream, revision, type, time, position, data: event?.data });
        }
      });
    });

    describe('repeating an append', () => {
      it('answers as it did, and writes nothing', async () => {
        const stream = newStream();
        const first = [noted('a'), noted('b')];
        const second = [noted('c'), noted('d')];
        const firstResult = await store.append(stream, 'NONE', first);
        const secondResult = await store.append(stream, 1, second);
        expect(await store.append(stream, 'NONE', first)).toEqual(firstResult);
        expect(await another.append(stream, 1, second)).toEqual(secondResult);
        expect(textsOf(await readAllOf(store.readStream(stream)))).toEqual(['a', 'b', 'c', 'd']);
      });

      it('answers for a prefix of what is there', async () => {
        const stream = newStream();
        const events = [noted('a'), noted('b'), noted('c')];
        await store.append(stream, 'NONE', events);
        const prefix = await store.append(stream, 'NONE', events.slice(0, 2));
        const there = await readAllOf(store.readStream(stream));
        expect(prefix).toEqual({ revision: 1, position: there[1]?.position });
        expect(there).toHaveLength(3);
      });

      it.each([
        ['a later id differs', (events: Noted[]) => [...events.slice(0, 1), noted('other')]],
        ['a later one is missing there', (events: Noted[]) => [...events, noted('more')]],
        ['the first differs', (events: Noted[]) => [noted('other'), ...events.slice(1)]],
        ['the order differs', (events: Noted[]) => events.toReversed()],
      ])('is a conflict when %s', async (_, changed) => {
        const stream = newStream();
        const events = [noted('a'), noted('b')];
        await store.append(stream, 'NONE', events);
        await expect(store.append(stream, 'NONE', changed(events))).rejects.toMatchObject({
          expected: 'NONE',
          actual: 1,
        });
        expect(textsOf(await readAllOf(store.readStream(stream)))).toEqual(['a', 'b']);
      });

      it('appends anew at the present revision, whatever the ids', async () => {
        const stream = newStream();
        const event = noted('a');
        await store.append(stream, 'NONE', [event]);
        expect(await store.append(stream, 0, [event])).toMatchObject({ revision: 1 });
      });
    });

    describe('reading a stream', () => {
      it('finds nothing where there is no stream', async () => {
        expect(await readAllOf(store.readStream(newStream()))).toEqual([]);
      });

      it('begins at a revision, and ends after a count', async () => {
        const stream = newStream();
        await store.append(
          stream,
          'NONE',
          ['a', 'b', 'c', 'd'].map((text) => noted(text)),
        );
        const read = async (options: object): Promise<string[]> =>
          textsOf(await readAllOf(store.readStream(stream, options)));
        expect(await read({ fromRevision: 2 })).toEqual(['c', 'd']);
        expect(await read({ fromRevision: 1, maxCount: 2 })).toEqual(['b', 'c']);
        expect(await read({ maxCount: 0 })).toEqual([]);
        expect(await read({ fromRevision: 4 })).toEqual([]);
      });

      it('reads long streams whole, while they are written', async () => {
        const stream = newStream();
        let revision = await appendMany(store, stream, 'NONE', 2500);
        const seen: number[] = [];
        for await (const event of another.readStream(stream)) {
          seen.push(event.revision);
          if (event.revision === 1200) revision = await appendMany(store, stream, revision, 10);
        }
        expect(seen.slice(0, 2500)).toEqual(Array.from({ length: 2500 }, (_, index) => index));
        expect(new Set(seen).size).toBe(seen.length);
      });

      it('may be left in the middle', async () => {
        const stream = newStream();
        await appendMany(store, stream, 'NONE', 50);
        for await (const event of store.readStream(stream)) if (event.revision === 3) break;
        expect(await store.append(stream, 49, [noted('after')])).toMatchObject({ revision: 50 });
      });
    });

    describe('reading all', () => {
      it('has one order, the same for everyone, in which each stream is in its own', async () => {
        const streams = [newStream(), newStream(), newStream()];
        for (let revision = 0; revision < 5; revision++) {
          for (const stream of streams) {
            await (revision % 2 ? store : another).append(stream, revision === 0 ? 'NONE' : revision - 1, [
              noted(`${revision}`),
            ]);
          }
        }
        const here = (await readAllOf(store.readAll())).filter(({ stream }) => streams.includes(stream));
        const there = (await readAllOf(another.readAll())).filter(({ stream }) => streams.includes(stream));
        expect(here.map(({ id }) => id)).toEqual(there.map(({ id }) => id));
        expect(here.map(({ stream, revision }) => [stream, revision])).toEqual(
          [0, 1, 2, 3, 4].flatMap((revision) => streams.map((stream) => [stream, revision])),
        );
      });

      it('goes on behind a position, wherever an append was cut', async () => {
        const stream = newStream();
        await store.append(
          stream,
          'NONE',
          ['a', 'b', 'c', 'd'].map((text) => noted(text)),
        );
        const events = (await readAllOf(store.readAll())).filter((event) => event.stream === stream);
        for (const [index, { position }] of events.entries()) {
          const rest = (await readAllOf(another.readAll({ after: position }))).filter(
            (event) => event.stream === stream,
          );
          expect(rest.map(({ revision }) => revision)).toEqual([0, 1, 2, 3].slice(index + 1));
        }
        const { position } = events[0] as RecordedEvent;
        expect(textsOf(await readAllOf(store.readAll({ after: position, maxCount: 2 })))).toEqual(['b', 'c']);
      });

      it('ends though others go on writing', async () => {
        const stream = newStream();
        let revision = await appendMany(store, stream, 'NONE', 10);
        let count = 0;
        for await (const event of store.readAll()) {
          if (event.stream !== stream) continue;
          count++;
          revision = await appendMany(store, stream, revision, 1);
        }
        expect(count).toBe(10);
      });
    });

    describe('subscribing', () => {
      it('delivers history, says so, then delivers what comes, of whichever process', async () => {
        const stream = newStream();
        await store.append(stream, 'NONE', [noted('a'), noted('b')]);
        const subscription = follow(store, (event) => event.stream === stream);
        await subscription.until((messages) => messages.includes('caught-up'));
        expect(subscription.seen).toEqual(['a', 'b', 'caught-up']);
        await store.append(stream, 1, [noted('c')]);
        await another.append(stream, 2, [noted('d'), noted('e')]);
        await subscription.until((messages) => messages.includes('e'));
        expect(subscription.seen.filter((message) => message !== 'caught-up')).toEqual(['a', 'b', 'c', 'd', 'e']);
        await subscription.end();
      });

      it('begins behind a position, and at the end is caught up at once', async () => {
        const stream = newStream();
        await store.append(stream, 'NONE', [noted('a'), noted('b')]);
        const events = await readAllOf(store.readStream(stream));
        const behindFirst = follow(store, (event) => event.stream === stream, events[0]?.position);
        const behindLast = follow(another, (event) => event.stream === stream, events[1]?.position);
        await behindFirst.until((messages) => messages.includes('caught-up'));
        await behindLast.until((messages) => messages.includes('caught-up'));
        expect(behindFirst.seen).toEqual(['b', 'caught-up']);
        expect(behindLast.seen).toEqual(['caught-up']);
        await behindFirst.end();
        await behindLast.end();
      });

      it('ends when the signal aborts: before it begins, while it waits, and while it delivers', async () => {
        const aborted = store.subscribe({ signal: AbortSignal.abort() });
        expect(await readAllOf(aborted)).toEqual([]);

        const waiting = follow(store, () => false);
        await waiting.until((messages) => messages.includes('caught-up'));
        await waiting.end();

        await appendMany(store, newStream(), 'NONE', 20);
        const abort = new AbortController();
        let delivered = 0;
        for await (const message of store.subscribe({ signal: abort.signal })) {
          if (message.kind === 'event' && ++delivered === 5) abort.abort();
        }
        expect(delivered).toBe(5);
      });

      it('neither leaves out nor doubles anything while writers of both processes are at it', async () => {
        const streams = Array.from({ length: 8 }, newStream);
        const wanted = 8 * 60;
        const writers = streams.map(async (stream, index) => {
          let revision: number | 'NONE' = 'NONE';
          for (let n = 0; n < 60; n++) {
            revision = (await (index % 2 ? store : another).append(stream, revision, [noted(`${index}.${n}`)]))
              .revision;
          }
        });
        const isOurs = ({ stream }: RecordedEvent): boolean => streams.includes(stream);
        const subscriptions = [follow(store, isOurs), follow(another, isOurs)];
        await Promise.all(writers);
        const late = follow(store, isOurs);
        const order = (await readAllOf(store.readAll()))
          .filter(isOurs)
          .map((event) => (event.data as Noted['data']).text);
        for (const subscription of [...subscriptions, late]) {
          await subscription.until(
            (messages) => messages.filter((message) => message !== 'caught-up').length >= wanted,
          );
          expect(subscription.seen.filter((message) => message !== 'caught-up')).toEqual(order);
          await subscription.end();
        }
        expect(new Set(order).size).toBe(wanted);
      });
    });

    describe('races', () => {
      it('lets exactly one of twenty begin a stream', async () => {
        const stream = newStream();
        const attempts = await Promise.allSettled(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 ? store : another).append(stream, 'NONE', [noted(`${index}`)]),
          ),
        );
        expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const attempt of attempts) {
          if (attempt.status === 'rejected')
            expect(attempt.reason).toMatchObject({ code: 'revision-conflict', actual: 0 });
        }
        expect(await readAllOf(store.readStream(stream))).toHaveLength(1);
      });

      it('stores the same events of several callers once', async () => {
        const stream = newStream();
        const events = [noted('a'), noted('b')];
        const attempts = await Promise.allSettled(
          Array.from({ length: 6 }, (_, index) => (index % 2 ? store : another).append(stream, 'NONE', events)),
        );
        // A cluster may leave a caller in the dark (EventStoreUnavailable); asked again, it knows.
        const results = await Promise.all(
          attempts.map(async (attempt) => {
            if (attempt.status === 'fulfilled') return attempt.value;
            expect(attempt.reason).toBeInstanceOf(EventStoreUnavailable);
            return store.append(stream, 'NONE', events);
          }),
        );
        expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
        expect(textsOf(await readAllOf(store.readStream(stream)))).toEqual(['a', 'b']);
      });

      it('decides each of many appends on its own', async () => {
        const streams = Array.from({ length: 40 }, newStream);
        const taken = streams[7] as StreamName;
        await store.append(taken, 'NONE', [noted('taken')]);
        const attempts = await Promise.allSettled(
          streams.map((stream, index) =>
            (index % 3 ? store : another).append(stream, 'NONE', [noted('x'), noted('y')]),
          ),
        );
        expect(attempts.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7]);
        for (const stream of streams) {
          expect(textsOf(await readAllOf(store.readStream(stream)))).toEqual(stream === taken ? ['taken'] : ['x', 'y']);
        }
      });

      it('shows at once, to everyone, what was acknowledged', async () => {
        const stream = newStream();
        for (let n = 0; n < 20; n++) {
          await store.append(stream, n === 0 ? 'NONE' : n - 1, [noted(`${n}`)]);
          expect(await readAllOf(store.readStream(stream, { fromRevision: n }))).toHaveLength(1);
        }
      });
    });

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

const FIXED_ID = '6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10' as EventId;

function noted(text: string, id: EventId = newEventId()): Noted {
  return { type: 'Noted', data: { text }, id };
}

function newStream(): StreamName {
  return streamName('contract', newEventId());
}

async function readAllOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function textsOf(events: readonly RecordedEvent[]): string[] {
  return events.map((event) => (event.data as Noted['data']).text);
}

async function appendMany(
  store: EventStore,
  stream: StreamName,
  expected: number | 'NONE',
  count: number,
): Promise<number> {
  let revision = expected;
  for (let left = count; left > 0; left -= 500) {
    const events = Array.from({ length: Math.min(left, 500) }, () => noted('one of many'));
    revision = (await store.append(stream, revision, events)).revision;
  }
  return Number(revision);
}

async function firstOf(
  store: EventStore,
  isWanted: (event: RecordedEvent) => boolean,
): Promise<RecordedEvent | undefined> {
  for await (const message of store.subscribe({ signal: AbortSignal.timeout(10_000) })) {
    if (message.kind === 'event' && isWanted(message.event)) return message.event;
  }
  return undefined;
}

/** Collects the texts of the events wanted, and 'caught-up', in the order in which they come. */
function follow(
  store: EventStore,
  isWanted: (event: RecordedEvent) => boolean,
  after?: Position,
): { seen: string[]; until(isThere: (seen: string[]) => boolean): Promise<void>; end(): Promise<void> } {
  const abort = new AbortController();
  const seen: string[] = [];
  let look = (): void => undefined;
  const messageOf = (message: SubscriptionMessage): string[] => {
    if (message.kind === 'caught-up') return ['caught-up'];
    return isWanted(message.event) ? textsOf([message.event]) : [];
  };
  const done = (async () => {
    for await (const message of store.subscribe({ after, signal: abort.signal })) {
      seen.push(...messageOf(message));
      look();
    }
  })();
  return {
    seen,
    until: (isThere) =>
      Promise.race([
        done,
        new Promise<void>((resolve) => {
          look = () => {
            if (isThere(seen)) resolve();
          };
          look();
        }),
      ]),
    end: async () => {
      abort.abort();
      await done;
    },
  };
}
