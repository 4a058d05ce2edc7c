import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newEventId, SystemClock } from '#libs/vocabulary';
import { EventStoreDbEventStore } from './adapters/eventstoredb/eventstoredb-event-store.ts';
import { SqliteEventStore } from './adapters/sqlite/sqlite-event-store.ts';
import type { DomainEvent } from './domain-event.ts';
import type { EventStore } from './event-store.ts';
import { passOver } from './passed-over.ts';
import { ProjectionRunner } from './projection-runner.ts';
import type { Projection, ProjectionStatus } from './projection-runner.ts';
import { ReadModels } from './read-models.ts';
import { streamName } from './recorded-event.ts';
import { DoubleLog } from './testing/eventstoredb-double/double-log.ts';
import { EventStoreDbDouble } from './testing/index.ts';

type Counted = DomainEvent<'Counted', { n: number }>;
const counting: Projection<Counted> = {
  name: 'counting.v1',
  schema: 'CREATE TABLE counting (n INTEGER NOT NULL) STRICT',
  on: { Counted: (db, { data }) => db.run('INSERT INTO counting VALUES (?)', data.n) },
};

/** A record that can be kept aside, and put back in the place of what came after. */
interface Restorable {
  open(): Promise<EventStore>;
  /** Call while no store is open. */
  keepAside(): Promise<void>;
  restore(): Promise<void>;
  end(): Promise<unknown>;
}

async function sqliteRecord(): Promise<Restorable> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-restored-'));
  const [path, copy] = [join(directory, 'events.sqlite'), join(directory, 'aside.sqlite')];
  return {
    open: () => SqliteEventStore.open(path),
    keepAside: async () => copyFileSync(path, copy),
    async restore() {
      for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
      copyFileSync(copy, `${path}.new`);
      renameSync(`${path}.new`, path);
    },
    end: () => rm(directory, { recursive: true }),
  };
}

async function eventStoreDbRecord(): Promise<Restorable> {
  let log = new DoubleLog();
  let double = await EventStoreDbDouble.start({ log });
  const { port } = double;
  let kept = 0;
  return {
    open: () => EventStoreDbEventStore.open(`esdb://127.0.0.1:${port}?tls=false`),
    keepAside: async () => void (kept = log.all.length),
    async restore() {
      await double.stop();
      const older = new DoubleLog();
      for (const { stream, ...event } of log.all.slice(1, kept)) older.plant(stream, event);
      log = older;
      double = await EventStoreDbDouble.start({ log }, port);
    },
    end: () => double.stop(),
  };
}

describe.each([
  ['SQLite', sqliteRecord],
  ['EventStoreDB', eventStoreDbRecord],
])('a projection over a record in %s', (_, startRecord) => {
  let place: string;
  let readModels: ReadModels;
  let record: Restorable;
  let store: EventStore;
  let runner: ProjectionRunner;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'segl-places-'));
    readModels = ReadModels.open(join(place, 'read-models.sqlite'));
    record = await startRecord();
    store = await record.open();
  });
  afterEach(async () => {
    await runner.stop();
    readModels.close();
    await store.close();
    await record.end();
    await rm(place, { recursive: true });
  });

  let counted = 0;
  async function count(events: number): Promise<void> {
    for (let n = 0; n < events; n++)
      await store.append(streamName('numbers', newEventId()), 'NONE', [{ type: 'Counted', data: { n: counted++ } }]);
  }
  function run(projection = counting): void {
    runner = new ProjectionRunner(store, readModels, [projection], { minBackoffMs: 5, maxBackoffMs: 20 });
    runner.start();
  }
  const status = () => runner.status()[0] as ProjectionStatus;
  const rows = () => readModels.db.all<{ n: number }>('SELECT n FROM counting ORDER BY rowid').map(({ n }) => n);

  async function restoredFromAnOlderBackup(newEvents: number): Promise<void> {
    counted = 0;
    await count(20);
    await store.close();
    await record.keepAside();
    store = await record.open();
    await count(60);
    run();
    await runner.caughtUp();
    await runner.stop();
    await store.close();
    await record.restore();
    store = await record.open();
    counted = 1000;
    await count(newEvents);
    run();
  }

  it.each([90, 60, 3, 0])(
    'stops when the record was restored from an older backup and %i events came since, says so, and ends in a rebuild',
    async (newEvents) => {
      await restoredFromAnOlderBackup(newEvents);
      await until(() => status().stop !== null);
      expect(status()).toMatchObject({
        isCaughtUp: false,
        stop: { why: 'record-differs', position: status().position },
        lastError: expect.stringContaining('Rebuild this projection'),
      });
      await expect(runner.caughtUp(100)).rejects.toThrow('the record is not the one that was read');
      expect(rows()).toHaveLength(80); // what it held is served until then
      await runner.rebuild('counting.v1');
      await runner.caughtUp();
      expect(rows()).toEqual([...Array(20).keys(), ...Array.from({ length: newEvents }, (_, n) => 1000 + n)]);
      expect(status()).toMatchObject({ isCaughtUp: true, lastError: null, stop: null });
    },
  );

  it('takes a saved place of before ids were kept for what stands there now', async () => {
    counted = 0;
    await count(2);
    run();
    await runner.caughtUp();
    await runner.stop();
    readModels.db.run('UPDATE projections SET event_id = NULL');
    await count(1);
    run();
    await runner.caughtUp();
    expect(rows()).toEqual([0, 1, 2]);
    await runner.stop();
    readModels.db.run(`UPDATE projections SET position = 'of another store'`);
    run();
    await until(() => status().stop?.why === 'record-differs');
  });

  it('stops in front of one event that it cannot take, and passes over it when that was decided, also in a rebuild', async () => {
    counted = 0;
    await count(3);
    const refusing: Projection<Counted> = {
      ...counting,
      on: {
        Counted: (db, { data }) => {
          if (data.n === 1) throw new Error('one too many');
          db.run('INSERT INTO counting VALUES (?)', data.n);
        },
      },
    };
    run(refusing);
    await until(() => status().stop !== null);
    const { stop } = status();
    expect(stop).toMatchObject({ why: 'event-refused', eventType: 'Counted' });
    expect((await store.eventAt(stop?.position as never))?.data).toEqual({ n: 1 });
    const decision = { passedOverBy: 'root', reason: 'known damage' };
    await passOver(store, new SystemClock(), status(), decision);
    await passOver(store, new SystemClock(), { name: 'counting.v1', stop }, decision);
    await runner.caughtUp();
    expect(rows()).toEqual([0, 2]);
    expect(status()).toMatchObject({ stop: null, lastError: null });
    await runner.rebuild('counting.v1');
    await runner.caughtUp();
    expect(rows()).toEqual([0, 2]);
    await expect(passOver(store, new SystemClock(), status(), decision)).rejects.toMatchObject({
      code: 'nothing-to-pass-over',
    });
  });

  it('passes over it too where the projection sees every event, by the one handler that it has', async () => {
    counted = 0;
    await count(3);
    run({
      ...counting,
      on: {},
      every: (db, { type, data }) => {
        if (type !== 'Counted') return;
        const { n } = data as { n: number };
        if (n === 1) throw new Error('one too many');
        db.run('INSERT INTO counting VALUES (?)', n);
      },
    });
    await until(() => status().stop !== null);
    await passOver(store, new SystemClock(), status(), { passedOverBy: 'root', reason: 'x' });
    await runner.caughtUp();
    expect(rows()).toEqual([0, 2]);
  });

  it('shows a passed over event to what counts all of them all the same', async () => {
    counted = 0;
    await count(3);
    run({
      ...counting,
      schema: `${counting.schema}; CREATE TABLE seen (id TEXT NOT NULL) STRICT`,
      every: (db, { id }) => db.run('INSERT INTO seen VALUES (?)', id),
      countsAll: true,
      on: {
        Counted: (db, { data }) => {
          if (data.n === 1) throw new Error('one too many');
          db.run('INSERT INTO counting VALUES (?)', data.n);
        },
      },
    });
    await until(() => status().stop !== null);
    const { stop } = status();
    const seen = () => readModels.db.all<{ id: string }>('SELECT id FROM seen').map(({ id }) => id);
    expect(seen()).toHaveLength(1);
    await passOver(store, new SystemClock(), status(), { passedOverBy: 'root', reason: 'x' });
    await runner.caughtUp();
    expect(rows()).toEqual([0, 2]);
    expect(seen()).toHaveLength(4); // the decision is an event too
    expect(seen()[1]).toBe(stop?.eventId);
  });

  it('stops in front of an event of a later version', async () => {
    await store.append(streamName('numbers', 'a'), 'NONE', [{ type: 'Counted', version: 2, data: { n: 'one' } }]);
    run();
    await until(() => status().stop !== null);
    expect(status().lastError).toContain('has version 2');
    expect(rows()).toEqual([]);
  });
});

describe('a record in SQLite', () => {
  let place: string;
  let readModels: ReadModels;
  let store: SqliteEventStore;
  let runner: ProjectionRunner;
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'segl-places-'));
    readModels = ReadModels.open(join(place, 'read-models.sqlite'));
    store = await SqliteEventStore.open(join(place, 'events.sqlite'), { pollMs: 5 });
    runner = new ProjectionRunner(store, readModels, [counting], { minBackoffMs: 5, maxBackoffMs: 20 });
    runner.start();
  });
  afterEach(async () => {
    await runner.stop();
    readModels.close();
    await store.close();
    await rm(place, { recursive: true });
  });
  const count = (n: number) =>
    store.append(streamName('numbers', newEventId()), 'NONE', [{ type: 'Counted', data: { n } }]);
  const stop = () => runner.status()[0]?.stop ?? null;
  const rows = () => readModels.db.all<{ n: number }>('SELECT n FROM counting').map(({ n }) => n);

  it('that is put in the place of another under a running process is noticed', async () => {
    for (const n of [0, 1, 2]) await count(n);
    await runner.caughtUp();
    const other = await SqliteEventStore.open(join(place, 'other.sqlite'));
    for (let n = 10; n < 15; n++)
      await other.append(streamName('numbers', newEventId()), 'NONE', [{ type: 'Counted', data: { n } }]);
    await other.close();
    for (const end of ['-wal', '-shm']) rmSync(join(place, `events.sqlite${end}`), { force: true });
    renameSync(join(place, 'other.sqlite'), join(place, 'events.sqlite'));
    await until(() => stop() !== null);
    expect(stop()).toMatchObject({ why: 'record-differs', position: '3' });
    expect(rows()).toEqual([0, 1, 2]);
    await runner.rebuild('counting.v1');
    await runner.caughtUp();
    expect(rows()).toEqual([10, 11, 12, 13, 14]);
  });

  it('that holds something damaged stops a projection just before it, until it was decided to do without', async () => {
    await count(0);
    await runner.caughtUp();
    await runner.stop();
    await count(1);
    const damaging = new DatabaseSync(join(place, 'events.sqlite'));
    damaging.exec(`DROP TRIGGER events_are_never_changed; UPDATE events SET bytes = x'7b22' WHERE position = 2`);
    damaging.close();
    await count(2);
    runner.start();
    await until(() => stop() !== null);
    expect(stop()).toEqual({ why: 'record-damaged', position: '2', eventId: null, eventType: null });
    expect(rows()).toEqual([0]);
    await passOver(
      store,
      new SystemClock(),
      { name: 'counting.v1', stop: stop() },
      { passedOverBy: 'root', reason: 'x' },
    );
    await runner.caughtUp();
    expect(rows()).toEqual([0, 2]);
  });

  it('that holds something damaged is done without by nothing that counts every event, whatever was decided', async () => {
    await runner.stop();
    const seeing: Projection<Counted> = {
      ...counting,
      name: 'seeing.v1',
      schema: 'CREATE TABLE seeing (id TEXT NOT NULL) STRICT',
      every: (db, { id }) => db.run('INSERT INTO seeing VALUES (?)', id),
      countsAll: true,
      on: {},
    };
    const follow = async () => {
      runner = new ProjectionRunner(store, readModels, [seeing], { minBackoffMs: 5, maxBackoffMs: 20 });
      runner.start();
      await until(() => stop() !== null);
    };
    for (const n of [0, 1, 2]) await count(n);
    const damaging = new DatabaseSync(join(place, 'events.sqlite'));
    damaging.exec(`DROP TRIGGER events_are_never_changed; UPDATE events SET bytes = x'7b22' WHERE position = 2`);
    damaging.close();
    await follow();
    const decision = { passedOverBy: 'root', reason: 'x' };
    await passOver(store, new SystemClock(), { name: 'seeing.v1', stop: stop() }, decision);
    await runner.stop();
    await follow(); // knows the decision from its first step on
    expect(stop()).toMatchObject({ why: 'record-damaged', position: '2' });
    expect(readModels.db.all('SELECT id FROM seeing')).toHaveLength(1);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 20_000; !isSo(); await sleep(5)) {
    if (Date.now() > giveUpAt) throw new Error('waited 20 s in vain');
  }
}
