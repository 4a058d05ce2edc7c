import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newEventId } from '#libs/vocabulary';
import { readState } from '../../decide-and-append.ts';
import type { EventStore, Position, RecordedEvent } from '../../event-store.ts';
import { RemovalRefused } from '../../remove-contents.ts';
import type { ContentRemoval } from '../../remove-contents.ts';
import { isContentRemoved } from '../../record-leaf.ts';
import type { OpenedStore } from '../open-temporary-sqlite.ts';
import { newStream, noted, readAllOf } from './noted.ts';

/** What every store does that can take the content out of events (ContentRemoval). */
export function removalContract(
  name: string,
  openStore: () => Promise<OpenedStore<EventStore & ContentRemoval>>,
): void {
  describe(`removal contract: ${name}`, () => {
    let opened: OpenedStore<EventStore & ContentRemoval>;
    let store: EventStore & ContentRemoval;
    beforeAll(async () => {
      opened = await openStore();
      store = opened.store;
    });
    afterAll(() => opened.cleanUp());

    async function recorded(count = 3): Promise<RecordedEvent[]> {
      const stream = newStream();
      const texts = Array.from({ length: count }, (_, index) => `said ${index} æ🦭`);
      await store.append(
        stream,
        'NONE',
        texts.map((text) => noted(text)),
      );
      return readAllOf(store.readStream(stream));
    }
    const again = async ([{ stream } = { stream: newStream() }]: readonly Pick<RecordedEvent, 'stream'>[]) =>
      readAllOf(store.readStream(stream));

    it('leaves the leaf of each event, and the others as they are', async () => {
      const before = await recorded();
      await store.removeContents([before[0], before[2]] as RecordedEvent[]);
      const after = await again(before);
      expect(after.map(isContentRemoved)).toEqual([true, false, true]);
      for (const [index, { id, stream, revision, time, type, data, bytes, position }] of after.entries()) {
        const was = before[index] as RecordedEvent;
        expect({ id, stream, revision, time, type, position }).toEqual({
          ...{ id: was.id, stream: was.stream, revision: was.revision },
          ...{ time: was.time, type: was.type, position: was.position },
        });
        const recordSha256 = createHash('sha256').update(was.bytes).digest('hex');
        const leaf = { id, recordSha256, revision, stream, time, type };
        expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(
          index === 1 ? JSON.parse(Buffer.from(was.bytes).toString()) : leaf,
        );
        expect(data).toEqual(index === 1 ? was.data : {});
      }
      expect((await store.eventAt(before[0]?.position as Position))?.id).toBe(before[0]?.id);
    });

    it('takes what was removed before for done, and keeps the first digest', async () => {
      const before = await recorded();
      await store.removeContents(before);
      const once = await again(before);
      await store.removeContents(before);
      expect((await again(before)).map(({ bytes }) => bytes)).toEqual(once.map(({ bytes }) => bytes));
    });

    it('is seen by who else has the store open, and takes appends behind it, also repeated ones', async () => {
      const [first] = await recorded(1);
      if (first === undefined) throw new Error('no event');
      const other = await opened.openAnother();
      expect((await readAllOf(other.readStream(first.stream))).map(isContentRemoved)).toEqual([false]);
      await store.removeContents([first]);
      expect((await readAllOf(other.readStream(first.stream))).map(isContentRemoved)).toEqual([true]);
      const next = { ...noted('behind it'), id: newEventId() };
      const appended = await other.append(first.stream, 0, [next]);
      expect(await store.append(first.stream, 0, [next])).toEqual(appended);
      const same = { ...noted(''), id: first.id };
      expect((await store.append(first.stream, 'NONE', [same])).position).toBe(first.position);
    });

    it('is passed over by folds, which may say what is left', async () => {
      const [first, second] = (await recorded(2)) as [RecordedEvent, RecordedEvent];
      await store.removeContents([first]);
      const fold = {
        initialState: (): string[] => [],
        evolve: (seen: string[], { id }: { id?: string }) => [...seen, `${id}`],
      };
      expect((await readState(store, first.stream, fold)).state).toEqual([second.id]);
      const contentRemoved = (seen: string[], { time }: { time: string }) => [...seen, time];
      expect((await readState(store, first.stream, { ...fold, contentRemoved })).state).toEqual([
        first.time,
        second.id,
      ]);
    });

    it('refuses another event than was meant, and removes nothing then', async () => {
      const before = await recorded(2);
      const [first, second] = before as [RecordedEvent, RecordedEvent];
      const wrong = { id: first.id, position: second.position };
      await expect(store.removeContents([first, wrong])).rejects.toBeInstanceOf(RemovalRefused);
      expect((await again(before)).map(isContentRemoved)).toEqual([false, false]);
    });

    it('refuses none, too many, and what is no position', async () => {
      const [one] = (await recorded(1)) as [RecordedEvent];
      await expect(store.removeContents([])).rejects.toBeInstanceOf(TypeError);
      await expect(store.removeContents(Array.from({ length: 1001 }, () => one))).rejects.toBeInstanceOf(TypeError);
      const nowhere = { id: one.id, position: 'nowhere' as Position };
      await expect(store.removeContents([nowhere])).rejects.toBeInstanceOf(TypeError);
    });
  });
}
