import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newEventId } from '#libs/vocabulary';
import type { DomainEvent } from './domain-event.ts';
import { ProjectionRunner } from './projection-runner.ts';
import type { Projection } from './projection-runner.ts';
import { ReadModels } from './read-models.ts';
import { streamName } from './recorded-event.ts';
import { openTemporarySqlite } from './testing/index.ts';
import type { TemporarySqlite } from './testing/index.ts';

type Counted = DomainEvent<'Counted', { n: number }>;

/** One of each kind of table, index and trigger that a projection may have. */
const counting: Projection<Counted> = {
  name: 'counting.v1',
  schema: `
    CREATE TABLE counting (n INTEGER PRIMARY KEY, parity INTEGER NOT NULL) STRICT;
    CREATE INDEX counting_by_parity ON counting (parity, n);
    CREATE TABLE counting_sum (parity INTEGER PRIMARY KEY, total INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE VIEW counting_even AS SELECT n FROM counting WHERE parity = 0;
    CREATE TRIGGER counting_sums AFTER INSERT ON counting BEGIN
      INSERT INTO counting_sum VALUES (new.parity, new.n) ON CONFLICT DO UPDATE SET total = total + excluded.total;
    END;
    CREATE VIRTUAL TABLE counting_words USING fts5(words, content = '', columnsize = 0, detail = none);
  `,
  on: {
    Counted: (db, { data: { n } }) => {
      db.run('INSERT INTO counting VALUES (?, ?)', n, n % 2);
      db.run('INSERT INTO counting_words (rowid, words) VALUES (?, ?)', n + 1, n % 2 === 0 ? 'even' : 'odd');
    },
  },
};
/** The same tables by the same names, with one column more. */
const widened: Projection<Counted> = {
  name: 'counting.v2',
  schema: 'CREATE TABLE counting (n INTEGER PRIMARY KEY, parity INTEGER NOT NULL, square INTEGER NOT NULL) STRICT',
  on: { Counted: (db, { data: { n } }) => db.run('INSERT INTO counting VALUES (?, ?, ?)', n, n % 2, n * n) },
};

describe('tables that are filled beside those that serve', () => {
  let opened: TemporarySqlite;
  let readModels: ReadModels;
  let elsewhere: ReadModels;
  const runners: ProjectionRunner[] = [];
  let counted = 0;

  beforeEach(async () => {
    counted = 0;
    opened = await openTemporarySqlite();
    readModels = ReadModels.open(join(opened.directory, 'read-models.sqlite'));
    elsewhere = ReadModels.open(join(opened.directory, 'read-models.sqlite'));
  });
  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.stop()));
    readModels.close();
    elsewhere.close();
    await opened.cleanUp();
  });

  async function count(events: number): Promise<void> {
    for (let left = events; left > 0; left -= 100) {
      const some = Array.from({ length: Math.min(left, 100) }, () => ({ type: 'Counted', data: { n: counted++ } }));
      await opened.store.append(streamName('numbers', newEventId()), 'NONE', some);
    }
  }

  function run(projection: Projection<Counted> = counting, models = readModels): ProjectionRunner {
    const runner = new ProjectionRunner(opened.store, models, [projection], {
      maxBatchEvents: 50,
      minBackoffMs: 5,
      maxBackoffMs: 20,
    });
    runners.push(runner);
    runner.start();
    return runner;
  }

  const rows = (models = readModels) => models.db.get<{ n: number }>('SELECT count(*) AS n FROM counting')?.n;
  const tables = () =>
    readModels.db.all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name`);
  const found = (word: string) =>
    readModels.db.get<{ n: number }>('SELECT count(*) AS n FROM counting_words WHERE counting_words MATCH ?', word)?.n;

  /** Every answer that is given while `work` is under way, in two processes. */
  async function answersDuring(work: Promise<unknown>): Promise<ReadonlySet<unknown>> {
    const answers = new Set<unknown>();
    let isDone = false;
    const done = work.finally(() => (isDone = true));
    while (!isDone) {
      for (const models of [readModels, elsewhere]) answers.add(rows(models));
      await new Promise((resume) => setImmediate(resume));
    }
    await done;
    return answers;
  }

  it('take their place at once: no answer in between is anything but whole, in this process and another', async () => {
    await count(1000);
    const runner = run();
    const other = run(counting, elsewhere);
    await Promise.all([runner.caughtUp(), other.caughtUp()]);
    const before = tables();
    for (const _ of ['first', 'second', 'third'])
      expect(await answersDuring(runner.rebuild('counting.v1'))).toEqual(new Set([1000]));
    expect(tables()).toEqual(before);
    expect(readModels.db.all('SELECT * FROM counting_sum')).toEqual([
      { parity: 0, total: 249_500 },
      { parity: 1, total: 250_000 },
    ]);
    expect(readModels.db.get('SELECT count(*) AS n FROM counting_even')).toEqual({ n: 500 });
    expect([found('even'), found('odd')]).toEqual([500, 500]);
    await count(100);
    await Promise.all([runner.caughtUp(), other.caughtUp()]);
    expect([rows(), found('even')]).toEqual([1100, 550]);
    expect(readModels.db.all('SELECT name FROM projections')).toEqual([{ name: 'counting.v1' }]);
    await runner.stop();
    expect(run(widened).leftovers()).toEqual(['counting.v1']);
  });

  it('of a later shape leave the earlier one to answer until they are filled', async () => {
    await count(1000);
    const earlier = run();
    await earlier.caughtUp();
    await earlier.stop();
    const later = run(widened);
    expect(later.status()).toMatchObject([{ name: 'counting.v2', isCaughtUp: false }]);
    expect(await answersDuring(later.caughtUp())).toEqual(new Set([1000]));
    expect(readModels.db.get('SELECT square FROM counting WHERE n = 30')).toEqual({ square: 900 });
    expect(tables()).toEqual([{ name: 'counting' }, { name: 'projections' }]);
    expect(later.status()).toMatchObject([{ name: 'counting.v2', isCaughtUp: true, stop: null }]);
    await count(1);
    await later.caughtUp();
    expect(rows()).toBe(1001);
  });

  it('are filled once where two processes begin together', async () => {
    await count(1000);
    const earlier = run();
    await earlier.caughtUp();
    await earlier.stop();
    const both = [run(widened), run(widened, elsewhere)];
    await Promise.all(both.map((runner) => runner.caughtUp()));
    expect([rows(), rows(elsewhere)]).toEqual([1000, 1000]);
    expect(tables()).toEqual([{ name: 'counting' }, { name: 'projections' }]);
  });

  it('are left alone where it was broken off, and begun anew the next time', async () => {
    await count(3000);
    const runner = run();
    await runner.caughtUp();
    readModels.db.run('UPDATE counting SET parity = 7 WHERE n = 2');
    const breaking = new AbortController();
    const broken = run({
      ...counting,
      on: {
        Counted: (db, event) => {
          counting.on?.Counted?.(db, event);
          if (event.data.n === 1500) breaking.abort();
        },
      },
    });
    await expect(broken.rebuild('counting.v1', breaking.signal)).rejects.toThrow('broken off');
    expect(readModels.db.get('SELECT parity FROM counting WHERE n = 2')).toEqual({ parity: 7 });
    await runner.rebuild('counting.v1');
    expect(readModels.db.get('SELECT parity FROM counting WHERE n = 2')).toEqual({ parity: 0 });
    expect(rows()).toBe(3000);
  });

  it('are left alone where it was broken off in the moment in which everything was handled', async () => {
    await count(10);
    const runner = run();
    await runner.caughtUp();
    await runner.stop();
    readModels.db.run('UPDATE counting SET parity = 7 WHERE n = 2');
    const breaking = new AbortController();
    const every = () => readModels.db.get<{ rows: number }>('SELECT count(*) AS rows FROM counting__1')?.rows === 9;
    const broken = run({ ...counting, every: () => every() && breaking.abort() });
    await expect(broken.rebuild('counting.v1', breaking.signal)).rejects.toThrow('broken off');
    expect(readModels.db.get('SELECT parity FROM counting WHERE n = 2')).toEqual({ parity: 7 });
  });

  it('are given up in front of an event that they cannot take, and those that serve stay', async () => {
    await count(10);
    const runner = run();
    await runner.caughtUp();
    await runner.stop();
    const refusing = (_: unknown, { data: { n } }: { data: { n: number } }) => {
      if (n === 5) throw new Error('five');
    };
    const changed = run({ ...counting, on: { Counted: refusing } });
    await expect(changed.rebuild('counting.v1')).rejects.toMatchObject({ stop: { why: 'event-refused' } });
    expect(rows()).toBe(10);
    expect(changed.status()).toMatchObject([{ isCaughtUp: true, stop: null }]);
  });

  it('say in the status where they stand still, when nothing else can be asked', async () => {
    await count(10);
    const earlier = run();
    await earlier.caughtUp();
    await earlier.stop();
    const refusing = () => {
      throw new Error('none');
    };
    const later = run({ ...widened, on: { Counted: refusing } });
    await expect(later.caughtUp(200)).rejects.toThrow('none');
    expect(later.status()).toMatchObject([{ name: 'counting.v2', stop: { why: 'event-refused' } }]);
    expect(rows()).toBe(10);
  });
});
