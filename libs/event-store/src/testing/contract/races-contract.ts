import { describe, expect, it } from '@jest/globals';
import { EventStoreUnavailable } from '../../event-store.ts';
import type { StreamName } from '../../event-store.ts';
import { newStream, noted, readAllOf, textsOf } from './noted.ts';
import type { TwoStores } from './noted.ts';

/** What many writers at once come to. */
export function racesContract(at: TwoStores): void {
  describe('races', () => {
    it('lets exactly one of twenty begin a stream', async () => {
      const stream = newStream();
      const attempts = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? at.store : at.another).append(stream, 'NONE', [noted(`${index}`)]),
        ),
      );
      expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const attempt of attempts) {
        if (attempt.status === 'rejected')
          expect(attempt.reason).toMatchObject({ code: 'revision-conflict', actual: 0 });
      }
      expect(await readAllOf(at.store.readStream(stream))).toHaveLength(1);
    });

    it('stores the same events of several callers once', async () => {
      const stream = newStream();
      const events = [noted('a'), noted('b')];
      const attempts = await Promise.allSettled(
        Array.from({ length: 6 }, (_, index) => (index % 2 ? at.store : at.another).append(stream, 'NONE', events)),
      );
      // A cluster may leave a caller in the dark (EventStoreUnavailable); asked again, it knows.
      const results = await Promise.all(
        attempts.map(async (attempt) => {
          if (attempt.status === 'fulfilled') return attempt.value;
          expect(attempt.reason).toBeInstanceOf(EventStoreUnavailable);
          return at.store.append(stream, 'NONE', events);
        }),
      );
      expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
      expect(textsOf(await readAllOf(at.store.readStream(stream)))).toEqual(['a', 'b']);
    });

    it('decides each of many appends on its own', async () => {
      const streams = Array.from({ length: 40 }, newStream);
      const taken = streams[7] as StreamName;
      await at.store.append(taken, 'NONE', [noted('taken')]);
      const attempts = await Promise.allSettled(
        streams.map((stream, index) =>
          (index % 3 ? at.store : at.another).append(stream, 'NONE', [noted('x'), noted('y')]),
        ),
      );
      expect(attempts.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([7]);
      for (const stream of streams) {
        expect(textsOf(await readAllOf(at.store.readStream(stream)))).toEqual(
          stream === taken ? ['taken'] : ['x', 'y'],
        );
      }
    });

    it('shows at once, to everyone, what was acknowledged', async () => {
      const stream = newStream();
      for (let n = 0; n < 20; n++) {
        await at.store.append(stream, n === 0 ? 'NONE' : n - 1, [noted(`${n}`)]);
        expect(await readAllOf(at.store.readStream(stream, { fromRevision: n }))).toHaveLength(1);
      }
    });
  });
}
