import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReadModelLog } from './read-model-log.ts';
import { ReadModels } from './read-models.ts';

describe('ReadModels', () => {
  let directory: string;
  let path: string;
  let readModels: ReadModels;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-read-models-'));
    path = join(directory, 'read-models.sqlite');
    readModels = ReadModels.open(path);
  });
  afterEach(async () => {
    readModels.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('are for their owner alone, and are found again', async () => {
    readModels.db.run('CREATE TABLE t (a TEXT) STRICT');
    readModels.db.run('INSERT INTO t VALUES (?)', 'x');
    for (const file of await readdir(directory)) expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
    readModels.close();
    readModels.close();
    readModels = ReadModels.open(path);
    expect(readModels.db.get<{ a: string }>('SELECT a FROM t')?.a).toBe('x');
  });

  it('refuse parameters that do not fit the statement', () => {
    const { db } = readModels;
    db.run('CREATE TABLE t (a, b)');
    expect(() => db.run('INSERT INTO t VALUES (?, ?)', 1)).toThrow(TypeError);
    expect(() => db.run(`INSERT INTO t VALUES ('?', ?) -- ?`, 1)).not.toThrow();
    expect(() => db.run('INSERT INTO t VALUES (?1, ?1)', 1)).not.toThrow();
    for (const value of [undefined, true, new Date(), {}, [], NaN]) {
      expect(() => db.run('INSERT INTO t VALUES (?, ?)', 1, value as never)).toThrow(TypeError);
    }
    expect(db.get<{ n: number }>('SELECT count(*) AS n FROM t')?.n).toBe(2);
    expect(db.get('SELECT a FROM t WHERE a = ?', 'absent')).toBeUndefined();
  });

  it('do all of a transaction or nothing', () => {
    readModels.db.run('CREATE TABLE t (a)');
    const half = (): void => {
      readModels.transaction(() => {
        readModels.db.run('INSERT INTO t VALUES (1)');
        throw new Error('halfway');
      });
    };
    expect(half).toThrow('halfway');
    expect(readModels.db.all('SELECT a FROM t')).toEqual([]);
    expect(readModels.transaction(() => 7)).toBe(7);
  });

  it('have their log copied in a thread of its own, waited for only when it is far too long', async () => {
    const log = new ReadModelLog(path);
    const state = (): { log: number; checkpointed: number } | undefined =>
      readModels.db.get('PRAGMA wal_checkpoint(NOOP)');
    readModels.db.run('CREATE TABLE t (a)');
    readModels.db.run('INSERT INTO t VALUES (zeroblob(5000000))');
    expect(state()).toMatchObject({ checkpointed: 0 });
    const pages = state()?.log ?? 0;
    expect(pages).toBeGreaterThan(1000);

    await log.keepShort(999, 0);
    await sleep(100);
    expect(state()).toMatchObject({ checkpointed: 0 });
    await log.keepShort(16_000, 0);
    expect(state()).toMatchObject({ log: pages, checkpointed: pages });
    readModels.db.run('INSERT INTO t VALUES (1)');
    expect(state()?.log).toBeLessThan(10);

    readModels.db.run('INSERT INTO t VALUES (zeroblob(5000000))');
    await readModels.keepLogShort();
    for (let tries = 0; state()?.checkpointed === 0 && tries < 500; tries++) await sleep(10);
    expect(state()?.checkpointed).toBe(state()?.log);
    log.close();
  });
});
