import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';
import { personDirectoryContract } from '../../testing/person-directory-contract.ts';
import { personRowsContract } from '../../testing/person-rows-contract.ts';
import { temporaryKeyring } from '../../testing/temporary-keyring.ts';
import type { TemporaryKeyring } from '../../testing/temporary-keyring.ts';
import { SqlitePersonDirectory } from './sqlite-person-directory.ts';
import { fileHoldsAny } from '../traces.ts';

personDirectoryContract('sqlite', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'segl-persons-'));
  const path = join(parent, 'persons.db');
  return {
    url: `sqlite:${path}`,
    open: (keyring) => SqlitePersonDirectory.open(path, keyring),
    remove: () => rm(parent, { recursive: true, force: true }),
  };
});

personRowsContract('sqlite', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'segl-persons-'));
  return {
    open: (keyring) => SqlitePersonDirectory.open(join(parent, 'persons.db'), keyring),
    remove: () => rm(parent, { recursive: true, force: true }),
  };
});

describe('the file of the SQLite person directory', () => {
  const anna = parseMailAddress('anna@example.com');
  let parent: string;
  let path: string;
  let keys: TemporaryKeyring;
  let persons: SqlitePersonDirectory;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'segl-persons-'));
    path = join(parent, 'persons.db');
    keys = await temporaryKeyring();
    persons = await SqlitePersonDirectory.open(path, keys.keyring, { busyTimeoutMs: 200 });
  });

  afterEach(async () => {
    await persons.close();
    await keys.remove();
    await rm(parent, { recursive: true, force: true });
  });

  interface Stored {
    person_id: string;
    wrapped_key: Uint8Array;
    address_hash: Uint8Array;
  }

  function storedRows(): Stored[] {
    const db = new DatabaseSync(path, { readOnly: true });
    const found = db.prepare('SELECT * FROM persons JOIN person_index USING (person_id)').all();
    db.close();
    return found as unknown as Stored[];
  }

  async function rawBytes(): Promise<Buffer> {
    const files = ['', '-wal', '-shm', '-journal'].map((end) => readFile(path + end).catch(() => Buffer.alloc(0)));
    return Buffer.concat(await Promise.all(files));
  }

  const tracesOf = (rows: readonly Stored[]) =>
    rows.flatMap((row) => [Buffer.from(row.person_id), Buffer.from(row.wrapped_key), Buffer.from(row.address_hash)]);

  it('is its owner’s alone and holds no address', async () => {
    await persons.findOrCreate(anna);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const raw = await rawBytes();
    expect(raw.includes('example')).toBe(false);
    expect(tracesOf(storedRows()).every((trace) => raw.includes(trace))).toBe(true); // else the next test would say nothing
  });

  it('holds no trace of an erased person in any byte', async () => {
    const created = await Promise.all(
      Array.from({ length: 600 }, (_, i) => persons.findOrCreate(parseMailAddress(`p${i}@example.com`))),
    );
    const gone = new Set(created.filter((_, i) => i % 6 === 0).map((person) => person.personId as string));
    const traces = tracesOf(storedRows().filter((row) => gone.has(row.person_id)));
    expect(traces).toHaveLength(300);
    for (const personId of gone) {
      const stored = storedRows().find((row) => row.person_id === personId);
      await persons.erase(personId as (typeof created)[0]['personId']);
      const raw = await rawBytes(); // at once, not only at the end
      expect(tracesOf(stored === undefined ? [] : [stored]).some((trace) => raw.includes(trace))).toBe(false);
    }
    const raw = await rawBytes();
    expect(traces.filter((trace) => raw.includes(trace))).toEqual([]);
    expect((await stat(`${path}-wal`)).size).toBe(0);
    expect(storedRows()).toHaveLength(500);
  });

  it('is rewritten where SQLite itself had left a trace', async () => {
    const person = await persons.findOrCreate(anna);
    const [stored] = storedRows();
    const careless = new DatabaseSync(path);
    careless.exec('PRAGMA secure_delete = OFF; CREATE TABLE copied AS SELECT * FROM persons; DROP TABLE copied');
    careless.close();
    await persons.findOrCreate(parseMailAddress('bo@example.com'));
    expect(await persons.erase(person.personId)).toBe(true);
    expect(await fileHoldsAny(path, tracesOf(stored === undefined ? [] : [stored]))).toBe(false);
  });

  it('waits for whoever holds it, without stopping the event loop, and says when that takes too long', async () => {
    const person = await persons.findOrCreate(anna);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const turns: number[] = [];
    const timer = setInterval(() => turns.push(performance.now()), 5);
    await expect(persons.findOrCreate(parseMailAddress('bo@example.com'))).rejects.toThrow(PersonDirectoryUnavailable);
    await expect(persons.checkWritable()).rejects.toThrow(PersonDirectoryUnavailable);
    await expect(persons.erase(person.personId)).rejects.toThrow('locked');
    clearInterval(timer);
    expect(turns.length).toBeGreaterThan(30);
    expect((await persons.find(anna))?.personId).toBe(person.personId); // reading waits for nobody
    const waiting = persons.findOrCreate(parseMailAddress('bo@example.com'));
    await sleep(50);
    other.exec('COMMIT');
    other.close();
    expect((await waiting).personId).toMatch(/^[a-z2-7]{26}$/);
    await persons.checkWritable();
  });

  it('does not confirm an erasure while a reader keeps the older pages, and finishes it when asked again', async () => {
    const person = await persons.findOrCreate(anna);
    const reader = new DatabaseSync(path);
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM persons').get();
    await expect(persons.erase(person.personId)).rejects.toThrow(PersonDirectoryUnavailable);
    expect(await persons.findById(person.personId)).toBeNull();
    reader.exec('COMMIT');
    reader.close();
    expect(await persons.erase(person.personId)).toBe(false);
    expect((await rawBytes()).includes(person.personId)).toBe(false);
  });

  it('is never replaced by an empty one, and used again when it is back', async () => {
    const person = await persons.findOrCreate(anna);
    await rename(path, `${path}.away`);
    await expect(persons.find(anna)).rejects.toThrow('not there any more');
    await expect(persons.findOrCreate(anna)).rejects.toThrow(PersonDirectoryUnavailable);
    await expect(persons.checkWritable()).rejects.toThrow(PersonDirectoryUnavailable);
    await rename(`${path}.away`, path);
    expect((await persons.findOrCreate(anna)).personId).toBe(person.personId);
    await persons.checkWritable();
  });

  it('on a full disk is read and not written, says so, and is written again when there is room', async () => {
    if (process.platform !== 'linux') return; // prlimit is Linux's
    const told = await onAFullDisk(path, keys.directory);
    expect(told).toEqual([
      'made: person-directory-unavailable',
      'checked: person-directory-unavailable',
      'found: a person',
      'then made: a person',
      'then checked: writable',
    ]);
  });

  it('that is no database any more is said to be so', async () => {
    await persons.close();
    await writeFile(path, 'not a database, but long enough to look at. '.repeat(100));
    await rm(`${path}-wal`, { force: true });
    await expect(SqlitePersonDirectory.open(path, keys.keyring)).rejects.toThrow('not a database');
    await expect(SqlitePersonDirectory.open(join(path, 'x.db'), keys.keyring)).rejects.toThrow(
      PersonDirectoryUnavailable,
    );
  });

  it('gives a row of another person away to nobody', async () => {
    const other = await persons.findOrCreate(parseMailAddress('bo@example.com'));
    await persons.findOrCreate(anna);
    const db = new DatabaseSync(path);
    db.exec(`UPDATE persons SET wrapped_key = (SELECT wrapped_key FROM persons WHERE person_id = '${other.personId}')`);
    db.close();
    await expect(persons.find(anna)).rejects.toThrow('altered');
  });
});

/** A process of its own whose files may not grow (RLIMIT_FSIZE), and then may again. */
async function onAFullDisk(path: string, keyring: string): Promise<string[]> {
  const program = new URL('../../testing/full-disk-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--conditions=segl-source', program, path, keyring], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const piece of child.stdout) output += String(piece);
  return output.trim().split('\n');
}

describe('the search for traces', () => {
  it('finds what lies across two pieces', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'segl-traces-'));
    const file = join(parent, 'file');
    const trace = Buffer.from('0123456789abcdef');
    for (const start of [0, 1024 * 1024 - 8, 2 * 1024 * 1024 - 1, 3 * 1024 * 1024 - 16]) {
      const bytes = Buffer.alloc(3 * 1024 * 1024);
      trace.copy(bytes, start);
      await writeFile(file, bytes);
      expect(await fileHoldsAny(file, [Buffer.from('absent'), trace])).toBe(true);
    }
    await writeFile(file, Buffer.alloc(3 * 1024 * 1024));
    expect(await fileHoldsAny(file, [trace])).toBe(false);
    expect(await fileHoldsAny(join(parent, 'none'), [trace])).toBe(false);
    await rm(parent, { recursive: true });
  });
});
