import { describe, expect, it } from '@jest/globals';
import { newEventId } from '#libs/vocabulary';
import type { EventId } from '#libs/vocabulary';
import canonicalize from 'canonicalize';
import type { DomainEvent } from '../../domain-event.ts';
import { AppendTooLarge, MAX_APPEND_BYTES, RevisionConflict } from '../../event-store.ts';
import type { RecordedEvent, StreamName } from '../../event-store.ts';
import { streamName } from '../../recorded-event.ts';
import { FIXED_ID, firstOf, newStream, noted, readAllOf, textsOf } from './noted.ts';
import type { Noted, TwoStores } from './noted.ts';

/** What an append does, what it refuses, and what its bytes are. */
export function appendContract(at: TwoStores): void {
  describe('append', () => {
    it('starts a stream at revision 0 and goes on densely', async () => {
      const stream = newStream();
      expect(await at.store.append(stream, 'NONE', [noted('a'), noted('b')])).toMatchObject({ revision: 1 });
      expect(await at.store.append(stream, 1, [noted('c')])).toMatchObject({ revision: 2 });
      const events = await readAllOf(at.store.readStream(stream));
      expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2]);
      expect(textsOf(events)).toEqual(['a', 'b', 'c']);
    });

    it('answers with the position of the last event', async () => {
      const stream = newStream();
      const { position } = await at.store.append(stream, 'NONE', [noted('a'), noted('b')]);
      const events = await readAllOf(at.store.readStream(stream));
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
        await at.store.append(
          stream,
          'NONE',
          Array.from({ length: present }, (_, i) => noted(`${i}`)),
        );
      const refused = at.store.append(stream, expected, [noted('x'), noted('y')]);
      await expect(refused).rejects.toBeInstanceOf(RevisionConflict);
      await expect(refused).rejects.toMatchObject({ code: 'revision-conflict', expected, actual });
      expect(await readAllOf(at.store.readStream(stream))).toHaveLength(present);
    });

    it('keeps a given id and makes one where none is given', async () => {
      const stream = newStream();
      const given = noted('a');
      await at.store.append(stream, 'NONE', [given, { type: 'Noted', data: { text: 'b' } }]);
      const [a, b] = await readAllOf(at.store.readStream(stream));
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
      await expect(at.store.append(stream, 'NONE', events())).rejects.toBeInstanceOf(TypeError);
      expect(await readAllOf(at.store.readStream(stream))).toEqual([]);
    });

    it.each(['', 'nohyphen', '-id', 'category-', '$system-1', 'a b-1', 'a-ø', 'a-1\n', `a-${'x'.repeat(199)}`])(
      'refuses the stream name %j',
      async (stream) => {
        await expect(at.store.append(stream as StreamName, 'NONE', [noted('a')])).rejects.toBeInstanceOf(TypeError);
      },
    );

    it.each([-1, 0.5, NaN, 2 ** 53, 'ANY', null])('refuses to expect %j', async (expected) => {
      await expect(at.store.append(newStream(), expected as number, [noted('a')])).rejects.toBeInstanceOf(TypeError);
    });

    it('tells streams apart by case', async () => {
      const id = newEventId();
      await at.store.append(streamName('case', `${id}-a`), 'NONE', [noted('lower')]);
      await at.store.append(streamName('case', `${id}-A`), 'NONE', [noted('upper')]);
      expect(textsOf(await readAllOf(at.store.readStream(streamName('case', `${id}-A`))))).toEqual(['upper']);
    });

    it('takes nearly the limit, and refuses more, also as a sum', async () => {
      const stream = newStream();
      const nearly = 'x'.repeat(MAX_APPEND_BYTES - 500);
      await at.store.append(stream, 'NONE', [noted(nearly)]);
      const half = 'ø'.repeat(MAX_APPEND_BYTES / 4);
      for (const events of [[noted('x'.repeat(MAX_APPEND_BYTES))], [noted(half), noted(half)]]) {
        await expect(at.store.append(stream, 0, events)).rejects.toBeInstanceOf(AppendTooLarge);
      }
      const [event, ...others] = await readAllOf(at.store.readStream(stream));
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
      const { position } = await at.store.append(stream, 'NONE', [noted('first'), { type: 'Noted', data }]);
      const [, event] = await readAllOf(at.store.readStream(stream));
      const { id, revision, type, time } = event as RecordedEvent;
      const text = canonicalize({ data, id, revision, stream, time, type });
      expect(Buffer.from(event?.bytes ?? []).toString()).toBe(text);
      expect(event?.data).toEqual(JSON.parse(JSON.stringify(data)));
      expect(event).toMatchObject({ stream, revision: 1, type: 'Noted', position });
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

      const all = (await readAllOf(at.another.readAll())).find((candidate) => candidate.id === id);
      const subscribed = await firstOf(at.another, (candidate) => candidate.id === id);
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
      const firstResult = await at.store.append(stream, 'NONE', first);
      const secondResult = await at.store.append(stream, 1, second);
      expect(await at.store.append(stream, 'NONE', first)).toEqual(firstResult);
      expect(await at.another.append(stream, 1, second)).toEqual(secondResult);
      expect(textsOf(await readAllOf(at.store.readStream(stream)))).toEqual(['a', 'b', 'c', 'd']);
    });

    it('answers for a prefix of what is there', async () => {
      const stream = newStream();
      const events = [noted('a'), noted('b'), noted('c')];
      await at.store.append(stream, 'NONE', events);
      const prefix = await at.store.append(stream, 'NONE', events.slice(0, 2));
      const there = await readAllOf(at.store.readStream(stream));
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
      await at.store.append(stream, 'NONE', events);
      await expect(at.store.append(stream, 'NONE', changed(events))).rejects.toMatchObject({
        expected: 'NONE',
        actual: 1,
      });
      expect(textsOf(await readAllOf(at.store.readStream(stream)))).toEqual(['a', 'b']);
    });

    it('knows an id in its own stream alone', async () => {
      const event = noted('a');
      const streams = [newStream(), newStream()];
      for (const stream of streams) await at.store.append(stream, 'NONE', [event]);
      for (const stream of streams) expect(await readAllOf(at.store.readStream(stream))).toHaveLength(1);
    });

    it('appends anew at the present revision, whatever the ids', async () => {
      const stream = newStream();
      const event = noted('a');
      await at.store.append(stream, 'NONE', [event]);
      expect(await at.store.append(stream, 0, [event])).toMatchObject({ revision: 1 });
    });
  });
}
