import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppendTooLarge, RevisionConflict } from '../../event-store.ts';
import { ImportRefused, MAX_IMPORT_EVENTS } from '../../import-recorded.ts';
import type { RecordedEventImport } from '../../import-recorded.ts';
import type { EventStore, RecordedEvent } from '../../event-store.ts';
import { openTemporarySqlite } from '../open-temporary-sqlite.ts';
import type { OpenedStore, TemporarySqlite } from '../open-temporary-sqlite.ts';
import { isContentRemoved } from '../../record-leaf.ts';
import { newStream, noted, readAllOf, textsOf } from './noted.ts';

/**
 * What every store does that takes in another's records. The other is always a SQLite file. One target serves all tests, as a
 * server would: tests use streams of their own and tell their events from others'.
 */
export function importContract(
  name: string,
  openStore: () => Promise<OpenedStore<EventStore & RecordedEventImport>>,
): void {
  describe(`import contract: ${name}`, () => {
    let opened: OpenedStore<EventStore & RecordedEventImport>;
    let source: TemporarySqlite;
    let target: EventStore & RecordedEventImport;
    beforeAll(async () => {
      source = await openTemporarySqlite();
      opened = await openStore();
      target = opened.store;
    });
    afterAll(async () => {
      await opened.cleanUp();
      await source.cleanUp();
    });

    const streams = () => [newStream(), newStream(), newStream()] as const;

    /** Two streams interwoven, and a third in between. */
    async function recorded([a, b, c] = streams()): Promise<RecordedEvent[]> {
      await source.store.append(a, 'NONE', [noted('a0'), noted('a1')]);
      await source.store.append(b, 'NONE', [noted('b0 æøå 🦭 \u0000 �')]);
      await source.store.append(a, 1, [noted('a2')]);
      await source.store.append(c, 'NONE', [noted('c0'), noted('c1')]);
      await source.store.append(b, 0, [noted('b1')]);
      return ofStreams(source.store, [a, b, c]);
    }

    async function ofStreams(store: EventStore, wanted: readonly string[]): Promise<RecordedEvent[]> {
      const all = await readAllOf(store.readAll());
      return all.filter(({ stream }) => wanted.includes(stream));
    }

    const bytesOf = (events: readonly RecordedEvent[]) => events.map(({ bytes }) => Buffer.from(bytes).toString('hex'));
    const streamsOf = (events: readonly RecordedEvent[]) => [...new Set(events.map(({ stream }) => stream))];

    it('keeps bytes, streams, revisions and the order of all', async () => {
      const events = await recorded();
      await target.importRecorded(events);
      const there = await ofStreams(target, streamsOf(events));
      expect(bytesOf(there)).toEqual(bytesOf(events));
      for (const stream of streamsOf(events)) {
        const own = await readAllOf(target.readStream(stream));
        expect(bytesOf(own)).toEqual(bytesOf(events.filter((event) => event.stream === stream)));
        expect(own.map(({ revision }) => revision)).toEqual(own.map((_, index) => index));
      }
    });

    it('takes the leaves that retention has left, and knows them again', async () => {
      const events = await recorded();
      await source.store.removeContents([events[1], events[2]] as RecordedEvent[]);
      const left = await ofStreams(source.store, streamsOf(events));
      expect(left.map(isContentRemoved)).toEqual(events.map((_, index) => index === 1 || index === 2));
      await target.importRecorded(left);
      await target.importRecorded(left);
      const there = await ofStreams(target, streamsOf(events));
      expect(bytesOf(there)).toEqual(bytesOf(left));
      expect(there.map(isContentRemoved)).toEqual(left.map(isContentRemoved));
      await expect(target.importRecorded(events)).rejects.toBeInstanceOf(ImportRefused);
    });

    it('goes on piece by piece, and appends follow', async () => {
      const events = await recorded();
      for (const event of events) await target.importRecorded([event]);
      const [stream] = streamsOf(events);
      if (stream === undefined) throw new Error('no stream');
      await target.append(stream, 2, [noted('made here')]);
      expect(bytesOf(await ofStreams(target, streamsOf(events))).slice(0, -1)).toEqual(bytesOf(events));
      expect(textsOf(await readAllOf(target.readStream(stream))).at(-1)).toBe('made here');
    });

    it('passes over what is there already, whole or in part, also when asked twice at once', async () => {
      const events = await recorded();
      await target.importRecorded(events.slice(0, 3));
      await target.importRecorded(events.slice(0, 3));
      await Promise.all([target.importRecorded(events), target.importRecorded(events)]);
      expect(bytesOf(await ofStreams(target, streamsOf(events)))).toEqual(bytesOf(events));
    });

    it('refuses another event at the same revision, and keeps the one that is there', async () => {
      const wanted = streams();
      const events = await recorded(wanted);
      await target.append(wanted[1], 'NONE', [noted('made here')]);
      await expect(target.importRecorded(events)).rejects.toBeInstanceOf(ImportRefused);
      expect(textsOf(await readAllOf(target.readStream(wanted[1])))).toEqual(['made here']);
    });

    it('refuses an event with the same id and other bytes', async () => {
      const events = await recorded();
      await target.importRecorded(events);
      const [first] = events;
      if (first === undefined) throw new Error('no event');
      const altered = Buffer.from(Buffer.from(first.bytes).toString('utf8').replace('a0', 'x0'));
      await expect(target.importRecorded([{ bytes: altered }])).rejects.toBeInstanceOf(ImportRefused);
      expect(bytesOf(await ofStreams(target, streamsOf(events)))).toEqual(bytesOf(events));
    });

    it('refuses an event whose predecessor is missing', async () => {
      const events = await recorded();
      await expect(target.importRecorded(events.slice(1))).rejects.toBeInstanceOf(RevisionConflict);
      await expect(target.importRecorded(events.slice(1, 2))).rejects.toMatchObject({ expected: 0, actual: 'NONE' });
    });

    it.each([
      ['nothing', ''],
      ['no JSON', '{'],
      ['no object', 'null'],
      [
        'a stream that is none',
        '{"data":{},"id":"6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10","revision":0,"stream":"$all-x","type":"T"}',
      ],
      ['no type', '{"data":{},"id":"6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10","revision":0,"stream":"a-x"}'],
      ['no id', '{"data":{},"id":"first","revision":0,"stream":"a-x","type":"T"}'],
      [
        'no revision',
        '{"data":{},"id":"6f1c0f3e-4d0b-4c52-9f0e-0d5f1c1f7a10","revision":-1,"stream":"a-x","type":"T"}',
      ],
    ])('refuses bytes that are no record: %s', async (_, text) => {
      await expect(target.importRecorded([{ bytes: Buffer.from(text) }])).rejects.toBeInstanceOf(ImportRefused);
    });

    it('refuses bytes that are no UTF-8', async () => {
      const bytes = Buffer.concat([Buffer.from('{"data":{"a":"'), Buffer.of(0xff), Buffer.from('"}}')]);
      await expect(target.importRecorded([{ bytes }])).rejects.toBeInstanceOf(ImportRefused);
    });

    it('refuses none, too many and too large', async () => {
      const stream = newStream();
      await source.store.append(stream, 'NONE', [noted('x'.repeat(600_000))]);
      await source.store.append(stream, 0, [noted('y'.repeat(600_000))]);
      const events = await readAllOf(source.store.readStream(stream));
      const tooMany = Array.from({ length: MAX_IMPORT_EVENTS + 1 }, () => events[0] as RecordedEvent);
      await expect(target.importRecorded([])).rejects.toBeInstanceOf(TypeError);
      await expect(target.importRecorded(tooMany)).rejects.toBeInstanceOf(TypeError);
      await expect(target.importRecorded(events)).rejects.toBeInstanceOf(AppendTooLarge);
      expect(await readAllOf(target.readStream(stream))).toEqual([]);
      for (const event of events) await target.importRecorded([event]);
      expect(bytesOf(await readAllOf(target.readStream(stream)))).toEqual(bytesOf(events));
    });

    it('refuses once it is closed', async () => {
      const events = await recorded();
      const closing = await opened.openAnother();
      await closing.close();
      await expect(closing.importRecorded(events)).rejects.toMatchObject({ code: 'event-store-unavailable' });
    });
  });
}
