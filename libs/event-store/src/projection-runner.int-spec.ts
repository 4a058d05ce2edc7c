import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { FixedClock, newEventId } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import type { DomainEvent } from './domain-event.ts';
import type { EventStore, Position, StreamName } from './event-store.ts';
import { ProjectionRunner } from './projection-runner.ts';
import type { Projection, ProjectionRunnerOptions } from './projection-runner.ts';
import { ReadModels } from './read-models.ts';
import { streamName } from './recorded-event.ts';
import { openTemporarySqlite } from './testing/index.ts';
import type { TemporarySqlite } from './testing/index.ts';

type Poured = DomainEvent<'Poured', { glass: string; litres: number }> | DomainEvent<'Spilt', { glass: string }>;

/** Adds up: an event handled twice, or not at all, shows. */
function glasses(name = 'glasses.v1', table = 'glasses'): Projection<Poured> {
  return {
    name,
    schema: `CREATE TABLE ${table} (glass TEXT PRIMARY KEY, litres REAL NOT NULL) STRICT; CREATE INDEX ${table}_by_litres ON ${table} (litres)`,
    on: {
      Poured: (db, { data }) =>
        db.run(
          `INSERT INTO ${table} VALUES (?, ?) ON CONFLICT DO UPDATE SET litres = litres + excluded.litres`,
          data.glass,
          data.litres,
        ),
      Spilt: (db, { data }) => db.run(`UPDATE ${table} SET litres = 0 WHERE glass = ?`, data.glass),
    },
  };
}

describe('ProjectionRunner', () => {
  let opened: TemporarySqlite;
  let readModels: ReadModels;
  const running: ProjectionRunner[] = [];
  beforeEach(async () => {
    opened = await openTemporarySqlite();
    readModels = ReadModels.open(join(opened.directory, 'read-models.sqlite'));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((runner) => runner.stop()));
    readModels.close();
    await opened.cleanUp();
  });

  function run(
    projections: readonly Projection<never>[],
    { store = opened.store, ...options }: ProjectionRunnerOptions & { store?: EventStore } = {},
    into = readModels,
  ): ProjectionRunner {
    const runner = new ProjectionRunner(store, into, projections, { minBackoffMs: 5, maxBackoffMs: 20, ...options });
    running.push(runner);
    runner.start();
    return runner;
  }

  async function pour(count: number, glass = 'g', store: EventStore = opened.store): Promise<void> {
    for (let left = count; left > 0; left -= 1000) {
      const events = Array.from({ length: Math.min(left, 1000) }, () => ({
        type: 'Poured',
        data: { glass, litres: 1 },
      }));
      await store.append(streamName('table', newEventId()), 'NONE', events);
    }
  }

  function litres(table = 'glasses', from = readModels): unknown[] {
    return from.db.all(`SELECT glass, litres FROM ${table} ORDER BY glass`).map((row) => ({ ...(row as object) }));
  }

  it('handles history, then what comes, and skips what it does not know', async () => {
    await pour(3);
    await opened.store.append(streamName('other', 'a'), 'NONE', [{ type: 'constructor', data: {} }]);
    const runner = run([glasses()]);
    await runner.caughtUp();
    expect(litres()).toEqual([{ glass: 'g', litres: 3 }]);
    await pour(2, 'h');
    await opened.store.append(streamName('table', 'a'), 'NONE', [{ type: 'Spilt', data: { glass: 'g' } }]);
    await runner.caughtUp();
    expect(litres()).toEqual([
      { glass: 'g', litres: 0 },
      { glass: 'h', litres: 2 },
    ]);
    expect(runner.status()).toEqual([
      {
        name: 'glasses.v1',
        position: expect.any(String),
        isCaughtUp: true,
        lagSeconds: 0,
        lastError: null,
        stop: null,
      },
    ]);
  });

  it('shows a projection that asks for every event each of them once, before the handler of its type', async () => {
    await pour(2);
    await opened.store.append(streamName('other', 'a'), 'NONE', [{ type: 'Unheard', data: {} }]);
    const seen: Projection<Poured> = {
      name: 'seen.v1',
      schema:
        'CREATE TABLE seen (place INTEGER PRIMARY KEY, type TEXT NOT NULL, is_handled INTEGER NOT NULL DEFAULT 0) STRICT',
      every: (db, { type }) => db.run('INSERT INTO seen (type) VALUES (?)', type),
      on: { Poured: (db) => db.run('UPDATE seen SET is_handled = 1 WHERE place = (SELECT max(place) FROM seen)') },
    };
    await run([seen]).caughtUp();
    expect(
      readModels.db.all('SELECT type, is_handled AS handled FROM seen').map((row) => Object.values(row as object)),
    ).toEqual([
      ['Poured', 1],
      ['Poured', 1],
      ['Unheard', 0],
    ]);
  });

  it('handles what comes without being asked, of another process too', async () => {
    run([glasses()]);
    const another = await opened.openAnother();
    await pour(1, 'g', another);
    await until(() => litres().length === 1);
  });

  it('goes on where it stopped', async () => {
    await pour(2500);
    const first = run([glasses()], { maxBatchEvents: 100 });
    await until(() => litres().length > 0);
    await first.stop();
    const [half] = litres() as { litres: number }[];
    expect(half?.litres).toBeLessThan(2500);
    await run([glasses()]).caughtUp();
    expect(litres()).toEqual([{ glass: 'g', litres: 2500 }]);
  });

  it('stops at once and for good', async () => {
    await pour(1);
    const runner = run([glasses()]);
    await runner.caughtUp();
    await runner.stop();
    await runner.stop();
    await pour(1);
    await sleep(100);
    expect(litres()).toEqual([{ glass: 'g', litres: 1 }]);
    await expect(runner.caughtUp(50)).rejects.toMatchObject({ code: 'projections-behind' });
  });

  it('says how far behind it is', async () => {
    const clock = new FixedClock('2026-11-25T12:00:00.000Z' as Instant);
    const store = await opened.openAnother({ clock });
    await pour(1, 'g', store);
    clock.advance(90);
    let isBroken = true;
    const moody = broken('moody.v1', () => isBroken);
    const runner = run([moody], { clock });
    await until(() => runner.status()[0]?.lastError !== null);
    expect(runner.status()[0]).toMatchObject({ position: null, isCaughtUp: false, lagSeconds: 90 });
    clock.advance(10);
    expect(runner.status()[0]?.lagSeconds).toBe(100);
    isBroken = false;
    await runner.caughtUp();
    expect(runner.status()[0]).toMatchObject({ isCaughtUp: true, lagSeconds: 0, lastError: null });
  });

  describe('a handler that throws', () => {
    it('stops its own projection just before the event, and no other', async () => {
      await pour(5);
      await opened.store.append(streamName('table', 'poison'), 'NONE', [
        { type: 'Poured', data: { glass: 'poison', litres: 1 } },
      ]);
      await pour(5);
      let isBroken = true;
      const moody = broken('moody.v1', ({ glass }) => isBroken && glass === 'poison');
      const runner = run([moody, glasses()]);
      await until(() => runner.status().every(({ isCaughtUp, lastError }) => isCaughtUp || lastError !== null));
      await expect(runner.caughtUp(100)).rejects.toThrow('moody.v1');
      const [stopped, other] = runner.status();
      expect(stopped).toMatchObject({
        isCaughtUp: false,
        lastError: expect.stringContaining('Poured at position 6: broken'),
      });
      expect(litres('moody')).toEqual([{ glass: 'g', litres: 5 }]);
      expect(other).toMatchObject({ isCaughtUp: true, lastError: null });
      expect(litres()).toEqual([
        { glass: 'g', litres: 10 },
        { glass: 'poison', litres: 1 },
      ]);

      isBroken = false;
      await runner.caughtUp();
      expect(litres('moody')).toEqual(litres());
      expect(runner.status()[0]?.lastError).toBe(null);
    });

    it('leaves nothing half done', async () => {
      await pour(1);
      const halfway: Projection<Poured> = {
        ...glasses('halfway.v1', 'halfway'),
        on: {
          Poured: (db, { data }) => {
            db.run('INSERT INTO halfway VALUES (?, 1)', data.glass);
            throw new Error('halfway');
          },
        },
      };
      const runner = run([halfway]);
      await until(() => runner.status()[0]?.lastError !== null);
      expect(litres('halfway')).toEqual([]);
    });

    it('is told when it waits, or binds what SQLite would take for something else', async () => {
      await pour(1);
      const waiting: Projection<Poured> = { ...glasses('a', 'a'), on: { Poured: async () => Promise.resolve() } };
      const dates: Projection<Poured> = {
        ...glasses('b', 'b'),
        on: { Poured: (db) => db.run('INSERT INTO b VALUES (?, 1)', new Date() as never) },
      };
      const missing: Projection<Poured> = {
        ...glasses('c', 'c'),
        on: { Poured: (db) => db.run('INSERT INTO c VALUES (?, ?)', 'x') },
      };
      const runner = run([waiting, dates, missing]);
      await until(() => runner.status().every(({ lastError }) => lastError !== null));
      expect(runner.status().map(({ lastError }) => lastError)).toEqual([
        expect.stringContaining('must not wait'),
        expect.stringContaining('cannot bind a object'),
        expect.stringContaining('1 values for 2 parameters'),
      ]);
    });
  });

  describe('a changed shape', () => {
    it('under a new name is built beside the old one, which is dropped when told', async () => {
      await pour(4);
      const old = run([glasses()]);
      await old.caughtUp();
      await old.stop();
      await pour(1);
      const renewed = run([glasses('glasses.v2', 'glasses_v2')]);
      await renewed.caughtUp();
      expect(litres('glasses_v2')).toEqual([{ glass: 'g', litres: 5 }]);
      expect(litres()).toEqual([{ glass: 'g', litres: 4 }]);
      expect(renewed.leftovers()).toEqual(['glasses.v1']);
      expect(() => renewed.dropProjection('glasses.v2')).toThrow('in use');
      expect(renewed.dropProjection('glasses.v1')).toBe(true);
      expect(renewed.dropProjection('glasses.v1')).toBe(false);
      expect(renewed.leftovers()).toEqual([]);
      expect(() => litres()).toThrow('no such table');
      await pour(1);
      await renewed.caughtUp();
      expect(litres('glasses_v2')).toEqual([{ glass: 'g', litres: 6 }]);
    });

    it('is refused under the same name, or over the tables of another', async () => {
      await run([glasses()]).stop();
      const changed = { ...glasses(), schema: 'CREATE TABLE glasses (glass TEXT) STRICT' };
      expect(() => run([changed])).toThrow('changed under the same name');
      expect(() => run([{ ...changed, name: 'cups.v1' }])).toThrow('cannot be made');
      expect(run([glasses()]).leftovers()).toEqual([]);
    });

    it('takes full-text tables and triggers along when it is dropped', async () => {
      const searchable = {
        ...glasses('searchable.v1', 'searchable'),
        schema: `CREATE TABLE searchable (glass TEXT PRIMARY KEY, litres REAL) STRICT;
          CREATE VIRTUAL TABLE searchable_text USING fts5(glass);
          CREATE TRIGGER searchable_added AFTER INSERT ON searchable BEGIN INSERT INTO searchable_text VALUES (new.glass); END;
          CREATE VIEW searchable_full AS SELECT * FROM searchable WHERE litres > 1;`,
      };
      await pour(1);
      const runner = run([searchable]);
      await runner.caughtUp();
      expect(readModels.db.all(`SELECT 1 FROM searchable_text WHERE searchable_text MATCH 'g'`)).toHaveLength(1);
      await runner.stop();
      const none = run([]);
      expect(none.dropProjection('searchable.v1')).toBe(true);
      const left = readModels.db.all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table'`);
      expect(left.map(({ name }) => name)).toEqual(['projections']);
    });
  });

  it('rebuilds from the first event, also while it runs, and in another process', async () => {
    await pour(1200);
    const runner = run([glasses()]);
    await runner.caughtUp();
    readModels.db.run('UPDATE glasses SET litres = -1');
    await runner.rebuild('glasses.v1');
    await runner.caughtUp();
    expect(litres()).toEqual([{ glass: 'g', litres: 1200 }]);
    await expect(runner.rebuild('cups.v1')).rejects.toThrow('there are: glasses.v1');

    const elsewhere = ReadModels.open(join(opened.directory, 'read-models.sqlite'));
    elsewhere.db.run('UPDATE glasses SET litres = -1');
    const other = run([glasses()], {}, elsewhere);
    await other.rebuild('glasses.v1');
    await pour(1);
    await Promise.all([other.caughtUp(), runner.caughtUp()]);
    expect(litres()).toEqual([{ glass: 'g', litres: 1201 }]);
    await other.stop();
    elsewhere.close();
  });

  it('does no harm when two of them keep one file', async () => {
    const elsewhere = ReadModels.open(join(opened.directory, 'read-models.sqlite'));
    const store = await opened.openAnother();
    const runners = [run([glasses()]), run([glasses()], { store }, elsewhere)];
    for (let n = 0; n < 40; n++) {
      await pour(n % 5 === 0 ? 300 : 1);
      if (n % 10 === 9) await sleep(30);
    }
    await Promise.all(runners.map((runner) => runner.caughtUp()));
    expect(litres()).toEqual([{ glass: 'g', litres: 8 * 300 + 32 }]);
    expect(runners.flatMap((runner) => runner.status()).map(({ lastError }) => lastError)).toEqual([null, null]);
    await runners[1]?.stop();
    elsewhere.close();
  });

  it('waits for another process that writes into the same file', async () => {
    const runner = run([glasses()]);
    await runner.caughtUp();
    const other = new DatabaseSync(join(opened.directory, 'read-models.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    await pour(1);
    await sleep(150);
    expect(litres()).toEqual([]);
    expect(runner.status()[0]?.lastError).toBe(null);
    other.exec('ROLLBACK');
    other.close();
    await runner.caughtUp();
    expect(litres()).toEqual([{ glass: 'g', litres: 1 }]);
  });

  it('subscribes again when the store went away and came back', async () => {
    await pour(1);
    let store = opened.store;
    const standIn = {
      subscribe: (options: Parameters<EventStore['subscribe']>[0]) => store.subscribe(options),
      eventAt: (position: Position) => store.eventAt(position),
      readStream: (stream: StreamName) => store.readStream(stream),
    } as EventStore;
    const runner = run([glasses()], { store: standIn });
    await runner.caughtUp();
    await opened.store.close();
    await until(() => runner.status()[0]?.isCaughtUp === false);
    expect(runner.status()[0]?.lastError).toContain('closed');
    store = await opened.openAnother();
    await pour(1, 'g', store);
    await runner.caughtUp();
    expect(litres()).toEqual([{ glass: 'g', litres: 2 }]);
    expect(runner.status()[0]).toMatchObject({ isCaughtUp: true, lastError: null });
  });
});

function broken(name: string, isBroken: (data: { glass: string }) => boolean): Projection<Poured> {
  const whole = glasses(name, name.replace('.v1', ''));
  return {
    ...whole,
    on: {
      Poured: (db, event) => {
        if (isBroken(event.data)) throw new Error('broken');
        whole.on?.Poured?.(db, event);
      },
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 25_000; !isSo(); await sleep(5)) {
    if (Date.now() > giveUpAt) throw new Error('waited 25 s in vain');
  }
}
