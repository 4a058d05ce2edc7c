import { execFile, fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { streamName } from '../../recorded-event.ts';
import { openTemporarySqlite } from '../../testing/index.ts';
import type { TemporarySqlite } from '../../testing/index.ts';
import { tick } from '../../testing/processes/store-process.ts';
import type { StoreAnswer } from '../../testing/processes/store-process.ts';
import { SqliteEventStore } from './sqlite-event-store.ts';
import { faultOf, SqliteFile } from './sqlite-file.ts';

const PROCESS_FILE = join(import.meta.dirname, '../../testing/processes/store-process.ts');
const stream = streamName('ticks', 'a');

describe('what the disk does to the SQLite event store', () => {
  let opened: TemporarySqlite;
  beforeEach(async () => {
    opened = await openTemporarySqlite({ busyTimeoutMs: 2000, pollMs: 10 });
  });
  afterEach(() => opened.cleanUp());

  it('keeps file and companions to their owner', async () => {
    await opened.store.append(stream, 'NONE', [tick('a', 0)]);
    const files = await readdir(opened.directory);
    expect(files.toSorted()).toEqual(['events.sqlite', 'events.sqlite-shm', 'events.sqlite-wal']);
    for (const file of files) expect((await stat(join(opened.directory, file))).mode & 0o777).toBe(0o600);
  });

  it('leaves one file behind when everyone has closed it', async () => {
    await opened.store.append(stream, 'NONE', [tick('a', 0)]);
    await opened.store.close();
    expect(await readdir(opened.directory)).toEqual(['events.sqlite']);
  });

  it('is opened by many at once when it is not there yet', async () => {
    const path = join(opened.directory, 'new.sqlite');
    const stores = await Promise.all(Array.from({ length: 6 }, () => SqliteEventStore.open(path)));
    await Promise.all(
      stores.map((store, index) => store.append(streamName('ticks', `${index}`), 'NONE', [tick('a', index)])),
    );
    expect(await count(stores[0] as SqliteEventStore)).toBe(6);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('waits for another process, then says so, then goes on', async () => {
    const other = new DatabaseSync(opened.path);
    other.exec('BEGIN IMMEDIATE');
    const locked = { code: 'event-store-unavailable', message: expect.stringContaining('another process') };
    await expect(opened.store.append(stream, 'NONE', [tick('a', 0)])).rejects.toMatchObject(locked);
    await expect(opened.store.checkWritable()).rejects.toMatchObject(locked);
    expect(await count(opened.store)).toBe(0); // reading goes on meanwhile
    const patient = opened.store.append(stream, 'NONE', [tick('a', 0)]);
    setTimeout(() => other.exec('ROLLBACK'), 40);
    expect(await patient).toMatchObject({ revision: 0 });
    other.close();
  });

  it('waits with reading, too, while another process has the file to itself', async () => {
    await opened.store.append(stream, 'NONE', [tick('a', 0)]);
    const hidden = join(opened.directory, 'hidden');
    await rename(opened.path, hidden);
    await expect(opened.store.checkWritable()).rejects.toThrow('gone');
    await expect(count(opened.store)).rejects.toThrow('gone'); // now neither thread has it open
    await rename(hidden, opened.path);
    const other = new DatabaseSync(opened.path);
    other.exec('PRAGMA locking_mode = EXCLUSIVE; UPDATE write_check SET beat = 7');
    await expect(count(opened.store)).rejects.toThrow('another process');
    const patient = count(opened.store);
    setTimeout(() => other.close(), 40);
    expect(await patient).toBe(1);
  });

  it('finishes more than a group holds before it closes', async () => {
    const appends = Array.from({ length: 2500 }, (_, n) =>
      opened.store.append(streamName('ticks', `${n}`), 'NONE', [tick('a', n)]),
    );
    await opened.store.close();
    expect(await Promise.all(appends)).toHaveLength(2500);
    expect(await count(await opened.openAnother())).toBe(2500);
  });

  it('tells a caller who waited too long that the outcome is unknown; the repetition then knows', async () => {
    const hasty = await SqliteEventStore.open(opened.path, { answerTimeoutMs: 60, busyTimeoutMs: 5000 });
    const other = new DatabaseSync(opened.path);
    other.exec('BEGIN IMMEDIATE');
    await expect(hasty.append(stream, 'NONE', [tick('a', 0)])).rejects.toThrow('may be stored');
    other.exec('ROLLBACK');
    other.close();
    expect(await opened.store.append(stream, 'NONE', [tick('a', 0)])).toMatchObject({ revision: 0 });
    await hasty.close();
    expect(await count(opened.store)).toBe(1);
  });

  it('never begins anew where its file was lost, and goes on when the file is back', async () => {
    await opened.store.append(stream, 'NONE', [tick('a', 0)]);
    const other = await opened.openAnother();
    const hidden = join(opened.directory, 'hidden');
    await opened.store.close();
    await other.checkWritable();
    await rename(opened.path, hidden);
    const gone = { code: 'event-store-unavailable', message: expect.stringContaining('gone') };
    await expect(other.append(stream, 0, [tick('a', 1)])).rejects.toMatchObject(gone);
    await expect(count(other)).rejects.toMatchObject(gone);
    await expect(other.checkWritable()).rejects.toMatchObject(gone);
    await expect(stat(opened.path)).rejects.toMatchObject({ code: 'ENOENT' });
    await rename(hidden, opened.path);
    expect(await other.append(stream, 0, [tick('a', 1)])).toMatchObject({ revision: 1 });
    expect(await count(other)).toBe(2);
  });

  it('notices damage, tells a subscriber, and goes on with the file put right', async () => {
    for (let n = 0; n < 60; n++) await opened.store.append(stream, n === 0 ? 'NONE' : n - 1, [tick('a', n)]);
    await opened.store.close();
    const sound = await readFile(opened.path);
    const store = await opened.openAnother();
    expect(await count(store)).toBe(60);

    const file = await open(opened.path, 'r+');
    await file.write(Buffer.alloc(sound.length - 8192, 0xa5), 0, undefined, 8192);
    await file.close();
    // Another process has the file too: SQLite's own cache must not hide the damage.
    const fresh = await opened.openAnother();
    const damaged = { code: 'event-store-unavailable', message: expect.stringContaining('damaged') };
    await expect(count(fresh)).rejects.toMatchObject(damaged);
    await expect(fresh.append(stream, 59, [tick('a', 60)])).rejects.toMatchObject(damaged);
    const subscribed = (async () => {
      for await (const _ of fresh.subscribe({ signal: AbortSignal.timeout(5000) }));
    })();
    await expect(subscribed).rejects.toMatchObject(damaged);

    await writeFile(opened.path, sound);
    expect(await count(fresh)).toBe(60);
    expect(await fresh.append(stream, 59, [tick('a', 60)])).toMatchObject({ revision: 60 });
  });

  it('notices a record whose bytes were changed', async () => {
    await opened.store.append(stream, 'NONE', [tick('a', 0)]);
    const other = new DatabaseSync(opened.path);
    expect(() => other.exec(`UPDATE events SET bytes = x'00'`)).toThrow('events are never changed');
    expect(() => other.exec('DELETE FROM events')).toThrow('events are never removed');
    other.exec(`DROP TRIGGER events_are_never_changed; UPDATE events SET bytes = x'7bff7d'`);
    other.close();
    await expect(count(opened.store)).rejects.toThrow('the record at position 1 is damaged');
  });

  it('writes again once a disk that refused is well (no append was half done)', async () => {
    await opened.store.close();
    const child = fork(PROCESS_FILE, [opened.path], { execArgv: ['--conditions=segl-source'] });
    await once(child, 'message');
    let written = 0;
    try {
      expect(await appendOnce(child, 0)).toEqual({ acknowledged: 0, writer: 'a' });
      // Refuses to let any file grow past a few pages (EFBIG): to SQLite an input/output error.
      await limitFileSize(child, '20480');
      let next = 1;
      let answer = await appendOnce(child, next);
      while ('acknowledged' in answer) answer = await appendOnce(child, ++next);
      expect(answer).toMatchObject({
        failed: 'event-store-unavailable',
        message: expect.stringContaining('input/output error'),
      });
      expect(await appendOnce(child, next)).toEqual(answer);
      await limitFileSize(child, 'unlimited');
      expect(await appendOnce(child, next)).toEqual({ acknowledged: next, writer: 'a' });
      expect(await appendOnce(child, next + 1)).toEqual({ acknowledged: next + 1, writer: 'a' });
      written = next + 2;
    } finally {
      child.kill();
      await once(child, 'close');
    }
    expect(await count(await opened.openAnother())).toBe(written);
  });
});

describe('what an event store file is opened as', () => {
  let opened: TemporarySqlite;
  beforeEach(async () => {
    opened = await openTemporarySqlite();
    await opened.store.close();
  });
  afterEach(() => opened.cleanUp());

  it.each([
    ['no directory', () => Promise.resolve(join('missing', 'events.sqlite')), 'is not a directory'],
    [
      'no database',
      async () => {
        await writeFile(
          join(opened.directory, 'text'),
          'not a database, though long enough to have a header '.repeat(40),
        );
        return 'text';
      },
      'not a database',
    ],
    [
      'the database of another application',
      () => {
        new DatabaseSync(join(opened.directory, 'other')).exec('CREATE TABLE t (x); PRAGMA application_id = 7');
        return Promise.resolve('other');
      },
      'another application',
    ],
    [
      'a schema of a newer release',
      () => {
        new DatabaseSync(opened.path).exec('PRAGMA user_version = 2');
        return Promise.resolve('events.sqlite');
      },
      'written by a newer release',
    ],
  ])('is refused: %s', async (_, make, reason) => {
    const path = join(opened.directory, await make());
    await expect(SqliteEventStore.open(path)).rejects.toMatchObject({
      code: 'event-store-unavailable',
      message: expect.stringContaining(reason),
    });
    await expect(SqliteEventStore.open(path)).rejects.toThrow(opened.directory);
  });

  // Provoked for real, as root can do it anywhere; the words are what an operator gets to see.
  it.each([
    ['full', 'PRAGMA max_page_count = 1', 'rw', 'disk of the event store is full'],
    ['read-only', 'PRAGMA query_only = 1', 'rw', 'is read-only'],
    ['opened for reading', 'SELECT 1', 'ro', 'is read-only'],
  ] as const)('has words for a file that is %s', (_, pragma, mode, words) => {
    const file = new SqliteFile(opened.path, mode, 0);
    const db = file.database();
    db.exec(pragma);
    const insert = db.prepare(`INSERT INTO events (stream, revision, bytes) VALUES ('a-b', 0, zeroblob(100000))`);
    let error: unknown;
    try {
      insert.run();
    } catch (thrown) {
      error = thrown;
    }
    expect(faultOf(error).message).toContain(words);
    file.release();
  });
});

async function count(store: SqliteEventStore): Promise<number> {
  let events = 0;
  for await (const _ of store.readAll()) events++;
  return events;
}

async function limitFileSize(child: ChildProcess, bytes: string): Promise<void> {
  await promisify(execFile)('prlimit', [`--pid=${child.pid}`, `--fsize=${bytes}:unlimited`]);
}

async function appendOnce(child: ChildProcess, from: number): Promise<StoreAnswer> {
  child.send({ do: 'append-once', writer: 'a', from });
  const [answer] = (await once(child, 'message')) as [StoreAnswer];
  return answer;
}
