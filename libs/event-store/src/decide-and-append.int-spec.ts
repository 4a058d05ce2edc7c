import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FixedClock, newEventId, SystemClock } from '#libs/vocabulary';
import type { EventId } from '#libs/vocabulary';
import { appendFacts, decideAndAppend, readState } from './decide-and-append.ts';
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

  it('decides on what was read a moment ago, and anew where something was appended since', async () => {
    const decide = ({ total }: Count) => [{ ...one, data: { by: total + 1 } }];
    await decideAndAppend(opened.store, stream, counts, () => [one]);
    const lastRead = await readState(opened.store, stream, counts);
    const read = jest.spyOn(opened.store, 'readStream');
    const once = await decideAndAppend(opened.store, stream, counts, decide, { lastRead });
    expect(once).toMatchObject({ revision: 1, state: { total: 3 } });
    expect(read).not.toHaveBeenCalled();
    const late = await decideAndAppend(opened.store, stream, counts, decide, { lastRead });
    expect(late).toMatchObject({ revision: 2, state: { total: 7 } });
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('decides on a stream that is thought to be new without reading it, and reads it where it was not', async () => {
    const read = jest.spyOn(opened.store, 'readStream');
    const decide = ({ total }: Count) => (total < 2 ? [one] : []);
    const added = () => decideAndAppend(opened.store, stream, counts, decide, { isLikelyNew: true });
    expect(await added()).toMatchObject({ revision: 0, state: { total: 1 } });
    expect(read).not.toHaveBeenCalled();
    expect(await added()).toMatchObject({ revision: 1, state: { total: 2 } });
    expect(await added()).toMatchObject({ events: [], revision: 1, state: { total: 2 } });
    const nothing = decideAndAppend(opened.store, stream, counts, () => [], { isLikelyNew: true });
    expect(await nothing).toMatchObject({ events: [], revision: 1, state: { total: 2 } });
  });

  describe('of a fold that forgets', () => {
    const DAY = 86_400;
    const forgetting = { ...counts, forgetsAfterSeconds: DAY };
    /** `of` events at that time. */
    async function at(days: number, of: number): Promise<void> {
      clock.advance(days * DAY - sinceBegin);
      sinceBegin = days * DAY;
      const last = await opened.store.lastRevision(stream);
      await opened.store.append(
        stream,
        last ?? 'NONE',
        Array.from({ length: of }, () => one),
      );
    }
    let clock: FixedClock;
    let sinceBegin: number;
    beforeEach(async () => {
      await opened.cleanUp();
      clock = new FixedClock(new SystemClock().now());
      sinceBegin = 0;
      opened = await openTemporarySqlite({ clock });
    });

    it('reads all of a short stream', async () => {
      await at(0, 100);
      await at(9, 100);
      expect((await readState(opened.store, stream, forgetting)).state.total).toBe(200);
    });

    it('reads of a long one what is young enough, and no less than of a short one, and appends at its end', async () => {
      for (let day = 0; day < 20; day++) await at(day, 300);
      const read = await readState(opened.store, stream, forgetting);
      expect(read.revision).toBe(5999);
      expect(read.state.total).toBe(800); // the last day's, found in 800
      await at(30, 1);
      expect((await readState(opened.store, stream, forgetting)).state.total).toBe(200);
      expect((await readState(opened.store, stream, counts)).state.total).toBe(6001);
      const decided = await decideAndAppend(opened.store, stream, forgetting, () => [one]);
      expect(decided.revision).toBe(6001);
    });

    it('reads back to the beginning where everything is young', async () => {
      await at(0, 700);
      await at(0, 700);
      expect((await readState(opened.store, stream, forgetting)).state.total).toBe(1400);
    });
  });

  it('reads of a long stream that is decided by its ends no more than those, and appends at its end', async () => {
    const total = async (isDecidedByItsEnds: boolean) =>
      (await readState(opened.store, stream, { ...counts, isDecidedByItsEnds })).state.total;
    const append = (of: number) =>
      appendFacts(
        opened.store,
        stream,
        Array.from({ length: of }, () => one),
      );
    const seen: [number, number][] = [];
    for (const added of [199, 1, 1, 198, 1, 1, 1000]) {
      await append(added);
      seen.push([await total(false), await total(true)]);
    }
    expect(seen).toEqual([
      [199, 199],
      [200, 200],
      [201, 201],
      [399, 399],
      [400, 400],
      [401, 400],
      [1401, 400],
    ]);
    const decided = await decideAndAppend(opened.store, stream, { ...counts, isDecidedByItsEnds: true }, () => [one]);
    expect(decided.revision).toBe(1401);
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

  it.each([0, 15, 100])(
    'serves a hundred callers at once on one stream, on a disk that takes %d ms',
    async (diskMs) => {
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
    },
  );
});

describe('appendFacts', () => {
  let opened: TemporarySqlite;
  beforeEach(async () => {
    opened = await openTemporarySqlite();
  });
  afterEach(() => opened.cleanUp());

  it('comes at once where facts were appended before, and where others were since comes behind them', async () => {
    const stream = streamName('count', newEventId());
    const append = jest.spyOn(opened.store, 'append');
    for (let time = 1; time <= 3; time++) await appendFacts(opened.store, stream, [one]);
    expect(append).toHaveBeenCalledTimes(3);
    await (await opened.openAnother()).append(stream, 2, [one]);
    await appendFacts(opened.store, stream, [one]);
    expect(append).toHaveBeenCalledTimes(5);
    expect(await readState(opened.store, stream, counts)).toMatchObject({ revision: 4, state: { total: 5 } });
  });

  it('comes at once where it is said where the stream ends, and is the same event when it is tried again', async () => {
    const stream = streamName('count', newEventId());
    const fact = { ...one, id: newEventId() };
    const append = jest.spyOn(opened.store, 'append');
    await appendFacts(opened.store, stream, [one]);
    await appendFacts(opened.store, stream, [fact], { likelyRevision: 0 });
    expect(append).toHaveBeenCalledTimes(2);
    await appendFacts(opened.store, stream, [fact], { likelyRevision: 0 });
    expect(await readState(opened.store, stream, counts)).toMatchObject({ revision: 1, state: { total: 2 } });
    await appendFacts(opened.store, stream, [one], { likelyRevision: 7 });
    expect(await readState(opened.store, stream, counts)).toMatchObject({ revision: 2, state: { total: 3 } });
  });
});
