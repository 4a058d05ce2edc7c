import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFacts, isContentRemoved, ProjectionRunner, ReadModels, streamName } from '#libs/event-store';
import type { DomainEvent, RecordedEvent } from '#libs/event-store';
import { openTemporarySqlite } from '#libs/event-store/testing';
import type { TemporarySqlite } from '#libs/event-store/testing';
import { FixedClock, instantOf, newPersonId, plusSeconds } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { appointCanary } from '../canary/canary-events.ts';
import { auditTrail } from '../read-models/audit-trail.ts';
import type { RetentionEvent } from './retention-events.ts';
import { requireTimelyRetention, RetentionKeeper } from './retention-keeper.ts';
import type { RetentionKeeperOptions } from './retention-keeper.ts';

const DAY = 86_400;
type Removed = Extract<RetentionEvent, { type: 'ContentRemoved' }>['data'];

describe('the daily run of retention', () => {
  let sqlite: TemporarySqlite;
  let readModels: ReadModels;
  let runner: ProjectionRunner;
  let clock: FixedClock;
  let keeper: RetentionKeeper;
  const [anna, bo, canary] = [newPersonId(), newPersonId(), newPersonId()] as [PersonId, PersonId, PersonId];

  const keeperWith = (options: Partial<RetentionKeeperOptions> = {}) =>
    new RetentionKeeper({ store: sqlite.store, readModels, caughtUp: () => runner.caughtUp() }, clock, {
      days: { codesDays: 30 },
      timeZone: 'UTC',
      monotonicMs: () => Date.parse(clock.now()),
      onRun: () => undefined,
      onFault: () => undefined,
      ...options,
    });
  const append = (category: string, id: string, event: object) =>
    appendFacts(sqlite.store, streamName(category, id), [event as DomainEvent]);
  const enter = (person: PersonId) =>
    append('passcodes', person, { type: 'OtpExhausted', data: { challengeId: 'c', exhaustedAt: clock.now() } });
  const all = (): Promise<RecordedEvent[]> => Array.fromAsync(sqlite.store.readAll());
  const gone = async () => (await all()).filter(isContentRemoved).map(({ stream }) => stream);
  const last = async () => (await all()).findLast(({ type }) => type === 'ContentRemoved')?.data as Removed | undefined;
  const nextNight = () => {
    clock.advance(DAY);
    return keeper.runWhenDue();
  };

  beforeEach(async () => {
    clock = new FixedClock(instantOf('2026-10-01T02:30:00Z'));
    sqlite = await openTemporarySqlite({ clock });
    readModels = ReadModels.open(':memory:');
    runner = new ProjectionRunner(sqlite.store, readModels, [auditTrail], { minBackoffMs: 5, maxBackoffMs: 20 });
    runner.start();
    keeper = keeperWith();
    await appointCanary(sqlite.store, canary, clock.now());
    for (const person of [anna, bo, canary]) await enter(person);
    clock.advance(31 * DAY);
    await enter(anna);
  });
  afterEach(async () => {
    await keeper.stop();
    await runner.stop();
    readModels.close();
    await sqlite.cleanUp();
  });

  it('takes what is old enough, the canary’s too, in the name of the settings', async () => {
    expect(await keeper.runWhenDue()).toMatchObject([{ kind: 'codes', counts: { remove: 3, held: 0 } }]);
    expect(await gone()).toEqual([anna, bo, canary].map((person) => `passcodes-${person}`));
    expect((await all()).findLast(({ type }) => type === 'ContentRemovalBegun')?.data).toMatchObject({
      by: 'segl',
      reason: 'settings of retention: codes after 30 days',
    });
    expect(await keeper.runWhenDue()).toBeNull(); // not twice in one night
  });

  it('takes nothing by a clock that was set forward just now, since nothing would bring it back', async () => {
    let monotonicMs = 0;
    keeper = keeperWith({ days: { codesDays: 90 }, monotonicMs: () => monotonicMs });
    expect(await keeper.runWhenDue()).toMatchObject([{ counts: { remove: 0 } }]);
    clock.advance(400 * DAY);
    expect(await keeper.runWhenDue()).toBeNull();
    expect(await gone()).toEqual([]);
    monotonicMs += DAY * 1000; // the time stood, and nobody set it back
    clock.advance(DAY);
    expect(await keeper.runWhenDue()).toMatchObject([{ counts: { remove: 4 } }]);
  });

  it('goes on each night where it ended, and says so where nothing went', async () => {
    await keeper.runWhenDue();
    const before = (await last())?.rules[0]?.before;
    await nextNight();
    expect(await last()).toMatchObject({ rules: [{ kind: 'codes', removed: 0, lookedFrom: before }] });
    clock.advance(30 * DAY);
    expect(await keeper.runWhenDue()).toMatchObject([{ counts: { remove: 1, gone: 3 } }]); // all of it, once in 30 days
  });

  it('comes back to what was held, and to nothing before it', async () => {
    await append('subject', bo, { type: 'HoldPlaced', data: { by: 'kim', caseNumber: '17', placedAt: clock.now() } });
    expect(await keeper.runWhenDue()).toMatchObject([{ counts: { remove: 2, held: 1 } }]);
    expect(await last()).toMatchObject({ rules: [{ leftFrom: '2026-10-01T02:30:00.000Z' }] });
    await append('subject', bo, { type: 'HoldLifted', data: { by: 'kim', caseNumber: '17', liftedAt: clock.now() } });
    expect(await nextNight()).toMatchObject([{ counts: { remove: 1, held: 0 } }]);
    expect(await nextNight()).toMatchObject([{ counts: { remove: 0, gone: 0 } }]);
  });

  it('looks at everything again after a restore', async () => {
    await keeper.runWhenDue();
    const restored = {
      by: 'kim',
      fileSha256: 'a'.repeat(64),
      events: 9,
      restoredAt: clock.now(),
      backupMadeAt: clock.now(),
    };
    await append('backups', 'installation', { type: 'BackupRestored', data: restored });
    expect(await nextNight()).toMatchObject([{ counts: { remove: 0, gone: 3 } }]);
    expect(await nextNight()).toMatchObject([{ counts: { remove: 0, gone: 0 } }]);
  });

  it('is made by one process of several', async () => {
    const keepers = Array.from({ length: 5 }, () => keeperWith());
    const runs = await Promise.all(keepers.map((one) => one.runWhenDue()));
    expect(runs.filter((run) => run !== null)).toHaveLength(1);
    expect((await all()).filter(({ type }) => type === 'ContentRemovalBegun')).toHaveLength(1);
  });

  it('ends with its process in the middle, and is finished by a later one', async () => {
    const stopped = new AbortController();
    stopped.abort();
    await expect(keeper.runWhenDue(stopped.signal)).rejects.toThrow();
    expect([await gone(), await last()]).toEqual([[], undefined]);
    expect(await keeperWith().runWhenDue()).toBeNull(); // it may be under way elsewhere
    clock.advance(6 * 3600 + DAY);
    expect(await keeper.runWhenDue()).toMatchObject([{ counts: { remove: 3 } }]);
  });

  it('runs by itself, and is late after 48 hours in which it did not', async () => {
    const ran = new Promise((resolve) => (keeper = keeperWith({ intervalMs: 5, onRun: resolve })));
    keeper.start();
    await ran;
    await keeper.stop();
    const words = 'the last run ended at 2026-11-01T02:30:00.000Z';
    expect(await keeper.requireTimely()).toBe(words);
    expect(await keeper.dueAt()).toBe('2026-11-03T02:30:00.000Z');
    clock.advance(48 * 3600);
    expect(await requireTimelyRetention(sqlite.store, clock.now())).toBe(words);
    clock.advance(1);
    const late = { code: 'retention-late', message: `${words}; 48 hours are allowed` };
    await expect(keeper.requireTimely()).rejects.toMatchObject(late);
    await expect(requireTimelyRetention(sqlite.store, clock.now())).rejects.toMatchObject(late);
  });

  it('is late where none was ever made, once this process has had 48 hours for it', async () => {
    keeper = keeperWith();
    expect(await keeper.requireTimely()).toBe('no run has ended yet');
    expect(await keeper.dueAt()).toBe(plusSeconds(clock.now(), 48 * 3600));
    clock.advance(48 * 3600 + 1);
    await expect(keeper.requireTimely()).rejects.toMatchObject({ code: 'retention-late' });
    expect(await requireTimelyRetention(sqlite.store, clock.now())).toBe('no run has ended yet');
  });

  it('rests after a fault, and says it once', async () => {
    const faults: unknown[] = [];
    keeper = keeperWith({ intervalMs: 5, days: { codesDays: 29 }, onFault: (error) => faults.push(error) });
    keeper.start();
    while (faults.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await keeper.stop();
    expect(faults).toEqual([expect.any(RangeError)]);
  });
});
