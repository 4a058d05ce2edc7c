import { describe, expect, it } from '@jest/globals';
import type { Position, RecordedEvent, StreamName } from '../../event-store.ts';
import { appendMany, follow, newStream, noted, readAllOf, textsOf } from './noted.ts';
import type { Noted, TwoStores } from './noted.ts';

/** Reading one stream, reading all, and following what comes. */
export function readingContract(at: TwoStores): void {
  describe('reading a stream', () => {
    it('finds nothing where there is no stream', async () => {
      expect(await readAllOf(at.store.readStream(newStream()))).toEqual([]);
    });

    it.each([
      { fromRevision: -1 },
      { fromRevision: 0.5 },
      { fromRevision: 2 ** 53 },
      { maxCount: -1 },
      { maxCount: NaN },
    ])('refuses %j', async (options) => {
      await expect(readAllOf(at.store.readStream(newStream(), options))).rejects.toBeInstanceOf(TypeError);
    });

    it('begins at a revision, and ends after a count', async () => {
      const stream = newStream();
      await at.store.append(
        stream,
        'NONE',
        ['a', 'b', 'c', 'd'].map((text) => noted(text)),
      );
      const read = async (options: object): Promise<string[]> =>
        textsOf(await readAllOf(at.store.readStream(stream, options)));
      expect(await read({ fromRevision: 2 })).toEqual(['c', 'd']);
      expect(await read({ fromRevision: 1, maxCount: 2 })).toEqual(['b', 'c']);
      expect(await read({ maxCount: 0 })).toEqual([]);
      expect(await read({ fromRevision: 4 })).toEqual([]);
    });

    it('says where a stream ends', async () => {
      const stream = newStream();
      expect(await at.store.lastRevision(stream)).toBeNull();
      await at.store.append(stream, 'NONE', [noted('a')]);
      expect(await at.another.lastRevision(stream)).toBe(0);
      await at.another.append(stream, 0, [noted('b'), noted('c')]);
      expect(await at.store.lastRevision(stream)).toBe(2);
      await expect(at.store.lastRevision('no name' as StreamName)).rejects.toBeInstanceOf(TypeError);
    });

    it('reads long streams whole, while they are written', async () => {
      const stream = newStream();
      let revision = await appendMany(at.store, stream, 'NONE', 2500);
      const seen: number[] = [];
      for await (const event of at.another.readStream(stream)) {
        seen.push(event.revision);
        if (event.revision === 1200) revision = await appendMany(at.store, stream, revision, 10);
      }
      expect(seen.slice(0, 2500)).toEqual(Array.from({ length: 2500 }, (_, index) => index));
      expect(new Set(seen).size).toBe(seen.length);
    });

    it('may be left in the middle', async () => {
      const stream = newStream();
      await appendMany(at.store, stream, 'NONE', 50);
      for await (const event of at.store.readStream(stream)) if (event.revision === 3) break;
      expect(await at.store.append(stream, 49, [noted('after')])).toMatchObject({ revision: 50 });
    });
  });

  describe('reading all', () => {
    it('has one order, the same for everyone, in which each stream is in its own', async () => {
      const streams = [newStream(), newStream(), newStream()];
      for (let revision = 0; revision < 5; revision++) {
        for (const stream of streams) {
          await (revision % 2 ? at.store : at.another).append(stream, revision === 0 ? 'NONE' : revision - 1, [
            noted(`${revision}`),
          ]);
        }
      }
      const here = (await readAllOf(at.store.readAll())).filter(({ stream }) => streams.includes(stream));
      const there = (await readAllOf(at.another.readAll())).filter(({ stream }) => streams.includes(stream));
      expect(here.map(({ id }) => id)).toEqual(there.map(({ id }) => id));
      expect(here.map(({ stream, revision }) => [stream, revision])).toEqual(
        [0, 1, 2, 3, 4].flatMap((revision) => streams.map((stream) => [stream, revision])),
      );
    });

    it('goes on behind a position, wherever an append was cut', async () => {
      const stream = newStream();
      await at.store.append(
        stream,
        'NONE',
        ['a', 'b', 'c', 'd'].map((text) => noted(text)),
      );
      const events = (await readAllOf(at.store.readAll())).filter((event) => event.stream === stream);
      for (const [index, { position }] of events.entries()) {
        const rest = (await readAllOf(at.another.readAll({ after: position }))).filter(
          (event) => event.stream === stream,
        );
        expect(rest.map(({ revision }) => revision)).toEqual([0, 1, 2, 3].slice(index + 1));
      }
      const { position } = events[0] as RecordedEvent;
      expect(textsOf(await readAllOf(at.store.readAll({ after: position, maxCount: 2 })))).toEqual(['b', 'c']);
    });

    it('begins behind the position that an append was answered with, and at the end reads nothing', async () => {
      const stream = newStream();
      const { position } = await at.store.append(stream, 'NONE', [noted('a')]);
      const last = await at.another.append(stream, 0, [noted('b')]);
      const isOurs = (event: RecordedEvent): boolean => event.stream === stream;
      expect(textsOf((await readAllOf(at.store.readAll({ after: position }))).filter(isOurs))).toEqual(['b']);
      expect((await readAllOf(at.store.readAll({ after: last.position }))).filter(isOurs)).toEqual([]);
      expect(await readAllOf(at.store.readAll({ maxCount: 0 }))).toEqual([]);
    });

    it.each(['', '-1', 'x', '1.5', '18446744073709551616/0', '0x10', ' 1'])(
      'refuses %j as a position, whoever asks',
      async (position) => {
        const after = position as Position;
        await expect(readAllOf(at.store.readAll({ after }))).rejects.toBeInstanceOf(TypeError);
        const { signal } = new AbortController();
        await expect(readAllOf(at.store.subscribe({ after, signal }))).rejects.toBeInstanceOf(TypeError);
      },
    );

    it('has the one event that stands at a position, and none where none does', async () => {
      const stream = newStream();
      await at.store.append(
        stream,
        'NONE',
        ['a', 'b', 'c'].map((text) => noted(text)),
      );
      for (const event of await readAllOf(at.store.readStream(stream))) {
        const there = await at.another.eventAt(event.position);
        expect(there).toMatchObject({ id: event.id, stream, revision: event.revision, position: event.position });
      }
      const { position } = await at.store.append(newStream(), 'NONE', [noted('last')]);
      const beyond = position.replace(/\d+/g, (digits) => String(BigInt(digits) + 1_000_000_000n)) as Position;
      expect(await at.store.eventAt(beyond)).toBeNull();
      await expect(at.store.eventAt('x' as Position)).rejects.toBeInstanceOf(TypeError);
    });

    it('has events of streams alone: nothing that a store keeps for itself', async () => {
      for (const { stream, type, bytes } of await readAllOf(at.store.readAll())) {
        expect(stream).toMatch(/^[A-Za-z0-9._]+-/);
        expect(type).toMatch(/^[A-Za-z]/);
        expect(JSON.parse(Buffer.from(bytes).toString())).toMatchObject({ stream, type });
      }
    });

    it('ends though others go on writing', async () => {
      const stream = newStream();
      let revision = await appendMany(at.store, stream, 'NONE', 10);
      let count = 0;
      for await (const event of at.store.readAll()) {
        if (event.stream !== stream) continue;
        count++;
        revision = await appendMany(at.store, stream, revision, 1);
      }
      expect(count).toBe(10);
    });
  });

  describe('subscribing', () => {
    it('delivers history, says so, then delivers what comes, of whichever process', async () => {
      const stream = newStream();
      await at.store.append(stream, 'NONE', [noted('a'), noted('b')]);
      const subscription = follow(at.store, (event) => event.stream === stream);
      await subscription.until((messages) => messages.includes('caught-up'));
      expect(subscription.seen).toEqual(['a', 'b', 'caught-up']);
      await at.store.append(stream, 1, [noted('c')]);
      await at.another.append(stream, 2, [noted('d'), noted('e')]);
      await subscription.until((messages) => messages.includes('e'));
      expect(subscription.seen.filter((message) => message !== 'caught-up')).toEqual(['a', 'b', 'c', 'd', 'e']);
      await subscription.end();
    });

    it('begins behind a position, and at the end is caught up at once', async () => {
      const stream = newStream();
      await at.store.append(stream, 'NONE', [noted('a'), noted('b')]);
      const events = await readAllOf(at.store.readStream(stream));
      const behindFirst = follow(at.store, (event) => event.stream === stream, events[0]?.position);
      const behindLast = follow(at.another, (event) => event.stream === stream, events[1]?.position);
      await behindFirst.until((messages) => messages.includes('caught-up'));
      await behindLast.until((messages) => messages.includes('caught-up'));
      expect(behindFirst.seen).toEqual(['b', 'caught-up']);
      expect(behindLast.seen).toEqual(['caught-up']);
      await behindFirst.end();
      await behindLast.end();
    });

    it('ends when the signal aborts: before it begins, while it waits, and while it delivers', async () => {
      const aborted = at.store.subscribe({ signal: AbortSignal.abort() });
      expect(await readAllOf(aborted)).toEqual([]);

      const waiting = follow(at.store, () => false);
      await waiting.until((messages) => messages.includes('caught-up'));
      await waiting.end();

      await appendMany(at.store, newStream(), 'NONE', 20);
      const abort = new AbortController();
      let delivered = 0;
      for await (const message of at.store.subscribe({ signal: abort.signal })) {
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
          revision = (await (index % 2 ? at.store : at.another).append(stream, revision, [noted(`${index}.${n}`)]))
            .revision;
        }
      });
      const isOurs = ({ stream }: RecordedEvent): boolean => streams.includes(stream);
      const subscriptions = [follow(at.store, isOurs), follow(at.another, isOurs)];
      await Promise.all(writers);
      const late = follow(at.store, isOurs);
      const order = (await readAllOf(at.store.readAll()))
        .filter(isOurs)
        .map((event) => (event.data as Noted['data']).text);
      for (const subscription of [...subscriptions, late]) {
        await subscription.until((messages) => messages.filter((message) => message !== 'caught-up').length >= wanted);
        expect(subscription.seen.filter((message) => message !== 'caught-up')).toEqual(order);
        await subscription.end();
      }
      expect(new Set(order).size).toBe(wanted);
    });
  });
}
