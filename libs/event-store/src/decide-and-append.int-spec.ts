import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newEventId } from '#libs/vocabulary';
import type { EventId } from '#libs/vocabulary';
import { decideAndAppend, readState } from './decide-and-append.ts';
import type { DomainEvent, Fold } from './domain-event.ts';
import { EventStoreUnavailable, RevisionConflict } from './event-store.ts';
import type { StreamName } from './event-store.ts';
import { streamName } from './recorded-event.ts';
import { openTemporarySqlite } from './testing/index.ts';
import type { TemporarySqlite } from './testing/index.ts';

type Counted = DomainEvent<'Counted', { by: number }>;
interface Count {
  total: number;
  ids: EventId[];
}
const counts: Fold<Count, Counted> = {
  initialState: () => ({ total: 0, ids: [] }),
  evolve: (state, { data, id }) => ({
    total: state.total + data.by,
    ids: id === undefined ? state.ids : [...state.ids, id],
  }),
};
const one: Counted = { type: 'Counted', data: { by: 1 } };

describe('decideAndAppend', () => {
  let opened: TemporarySqlite;
  let stream: StreamName;
  beforeEach(async () => {
    opened = await openTemporarySqlite();
    stream = streamName('count', newEventId());
  });
  afterEach(() => opened.cleanUp());

  it('appends what is decided on the state there is, and answers with the state after it', async () => {
    expect(await decideAndAppend(opened.store, stream, counts, () => [one, one])).toMatchObject({
      revision: 1,
      state: { total: 2 },
    });
    const decided = await decideAndAppend(opened.store, stream, counts, ({ total }) => [
      { ...one, data: { by: total } },
    ]);
    expect(decided).toMatchObject({ revision: 2, state: { total: 4 } });
    expect(decided.events).toEqual([{ type: 'Counted', data: { by: 2 }, id: decided.state.ids[2] }]);
    expect(await readState(opened.store, stream, counts)).toEqual({ state: decided.state, revision: 2 });
  });

  it('appends nothing when nothing is decided, and says where the stream stands', async () => {
    expect(await decideAndAppend(opened.store, stream, counts, () => [])).toEqual({
      events: [],
      state: { total: 0, ids: [] },
      revision: 'NONE',
    });
  });

  it('keeps an id that was decided about', async () => {
    const id = newEventId();
    const { events } = await decideAndAppend(opened.store, stream, counts, () => [{ ...one, id }]);
    expect(events).toEqual([{ ...one, id }]);
  });

  it('lets through what the decision throws, and appends nothing', async () => {
    const broken = decideAndAppend(opened.store, stream, counts, () => {
      throw new Error('not allowed');
    });
    await expect(broken).rejects.toThrow('not allowed');
    expect(await readState(opened.store, stream, counts)).toMatchObject({ revision: 'NONE' });
  });

  it('decides again on what a rival appended', async () => {
    const totals: number[] = [];
    await decideAndAppend(opened.store, stream, counts, async ({ total }) => {
      totals.push(total);
      if (totals.length <= 2) await opened.store.append(stream, totals.length === 1 ? 'NONE' : 0, [one]);
      return [one];
    });
    expect(totals).toEqual([0, 1, 2]);
  });

  it('gives up when someone else keeps winning', async () => {
    let decisions = 0;
    const hopeless = decideAndAppend(
      opened.store,
      stream,
      counts,
      async () => {
        await opened.store.append(stream, decisions === 0 ? 'NONE' : decisions - 1, [one]);
        decisions++;
        return [one];
      },
      { maxAttempts: 3 },
    );
    await expect(hopeless).rejects.toMatchObject({ code: 'too-much-contention' });
    expect(decisions).toBe(3);
  });

  it('does not try again what is no conflict', async () => {
    await opened.store.close();
    await expect(decideAndAppend(opened.store, stream, counts, () => [one])).rejects.toBeInstanceOf(
      EventStoreUnavailable,
    );
  });

  it.each([0, 15])('serves a hundred callers at once on one stream, on a disk that takes %d ms', async (diskMs) => {
    const { store } = opened;
    const append = store.append.bind(store);
    let conflicts = 0;
    store.append = async (...args) => {
      await new Promise((resume) => setTimeout(resume, diskMs));
      return await append(...args).catch((error: unknown) => {
        if (error instanceof RevisionConflict) conflicts++;
        throw error;
      });
    };
    const limit = 60;
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () =>
        decideAndAppend(store, stream, counts, ({ total }) => (total < limit ? [one] : [])),
      ),
    );
    expect(outcomes.filter(({ events }) => events.length === 1)).toHaveLength(limit);
    expect(conflicts).toBeGreaterThan(0);
    expect((await readState(store, stream, counts)).state.total).toBe(limit);
  });
});
