import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_PERSON_ROWS, SqlitePersonDirectory } from '#libs/keyring';
import { personRecords, postgresBinaries, startTemporaryPostgres, temporaryKeyring } from '#libs/keyring/testing';
import type { TemporaryKeyring, TemporaryPostgres } from '#libs/keyring/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { builtSegl } from '../test/built-segl.ts';
import { segl } from '../test/captured-terminal.ts';
import { copyPersons } from './persons-copying.ts';

const KILLS = 20;
const withPostgres = postgresBinaries() === null ? describe.skip : describe;

describe('segl persons copy', () => {
  let directory: string;
  let keys: TemporaryKeyring;
  let source: string;
  let target: string;
  const opened: SqlitePersonDirectory[] = [];
  const alive = new Set<ChildProcess>();

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-copy-'));
    keys = await temporaryKeyring();
    [source, target] = [`sqlite:${join(directory, 'source.sqlite')}`, `sqlite:${join(directory, 'target.sqlite')}`];
  });
  afterEach(async () => {
    for (const child of alive) child.kill('SIGKILL');
    for (const each of opened.splice(0)) await each.close();
    await keys.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const argvOf = (from: string, to: string) => [
    'persons',
    'copy',
    '--keyring',
    keys.directory,
    '--from',
    from,
    '--to',
    to,
  ];
  const copy = (from: string, to: string, ...more: string[]) => segl([...argvOf(from, to), ...more]);

  async function open(url: string): Promise<SqlitePersonDirectory> {
    const persons = await SqlitePersonDirectory.open(url.slice('sqlite:'.length), keys.keyring);
    opened.push(persons);
    return persons;
  }

  async function fill(url: string, count: number): Promise<SqlitePersonDirectory> {
    const persons = await open(url);
    const records = personRecords(keys.keyring, count);
    for (let i = 0; i < count; i += MAX_PERSON_ROWS) await persons.writeRows(records.slice(i, i + MAX_PERSON_ROWS));
    return persons;
  }

  /** Everything in the file that tells persons, read without our own code. */
  function stored(url: string): unknown[] {
    const db = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true });
    try {
      return [
        ...db.prepare('SELECT person_id, wrapping_key_id, hex(wrapped_key) AS key FROM persons ORDER BY 1').all(),
        ...db.prepare('SELECT hex(address_hash) AS hash, index_key_id, person_id FROM person_index ORDER BY 1').all(),
        ...db.prepare('SELECT index_key_id, hex(check_value) AS value FROM index_key_checks ORDER BY 1').all(),
      ];
    } finally {
      db.close();
    }
  }

  /** How many persons the file holds; 0 while there is no file, or no table in it. */
  function count(url: string): number {
    try {
      const db = new DatabaseSync(url.slice('sqlite:'.length), { readOnly: true });
      try {
        return (db.prepare('SELECT count(*) AS n FROM persons').get() as { n: number }).n;
      } finally {
        db.close();
      }
    } catch {
      return 0;
    }
  }

  it('copies every row as it is, twice without harm, and finds the same persons', async () => {
    const from = await fill(source, 1200);
    const first = await copy(source, target, '--json');
    expect(first.exitCode).toBe(0);
    expect(JSON.parse(first.text)).toMatchObject({
      persons: 1200,
      indexEntries: 1200,
      copied: 1200,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      personsPerSecond: expect.any(Number),
    });
    expect(stored(target)).toEqual(stored(source));
    const someone = parseMailAddress('person-77@example.com');
    expect((await (await open(target)).find(someone))?.personId).toBe((await from.find(someone))?.personId);
    const again = await copy(source, target);
    expect(again.text).toContain('1200 persons with 1200 index entries on both sides (0 copied now)');
    expect(first.text + first.said + again.text).not.toContain('@');
  });

  it('refuses a target that knows somebody else, or somebody who was erased since', async () => {
    const from = await fill(source, 20);
    await copy(source, target);
    const gone = await from.find(parseMailAddress('person-3@example.com'));
    if (gone === null) throw new Error('lost');
    await from.erase(gone.personId);
    const refused = await copy(source, target);
    expect([refused.exitCode, refused.said]).toEqual([
      1,
      expect.stringContaining('knows 1 persons that the source does not'),
    ]);
    expect(refused.said).not.toContain(gone.personId);
  });

  it('refuses an address that leads to different persons, and an unlike target', async () => {
    await fill(source, 3);
    const to = await open(target);
    const stranger = await to.findOrCreate(parseMailAddress('person-1@example.com'));
    expect((await copy(source, target)).said).toContain('knows 1 persons');
    // A source that knows the stranger too, under no address.
    const from = await open(source);
    for await (const row of to.readRows()) await from.writeRows([{ ...row, index: [] }]);
    const refused = await copy(source, target);
    expect([refused.exitCode, refused.said]).toEqual([1, expect.stringContaining('leads to different persons')]);
    expect((await to.find(parseMailAddress('person-1@example.com')))?.personId).toBe(stranger.personId);
  });

  it('says that two sides differ when they do in the end, and that a source is being written to', async () => {
    const [from, to] = [await fill(source, 5), await open(target)];
    const losing = { readRows: () => to.readRows(), writeRows: async () => undefined };
    await expect(copyPersons(from, losing)).rejects.toThrow('the two directories differ: 5 persons');
    let met = 0;
    const growing = {
      writeRows: () => Promise.reject(new Error('only read')),
      async *readRows() {
        yield* from.readRows();
        await from.findOrCreate(parseMailAddress(`new-${met++}@example.com`));
      },
    };
    await expect(copyPersons(growing, to)).rejects.toMatchObject({ code: 'source-being-written' });
  });

  it.each([
    ['no source', 69, ['--from', 'sqlite:/no/such.sqlite', '--to', 'sqlite:/tmp/x'], 'there is nothing at'],
    ['a scheme nobody knows', 64, ['--from', 'mysql://host/x', '--to', 'sqlite:/tmp/x'], '--from: is neither'],
    [
      'a password in a URL',
      64,
      ['--from', 'sqlite:/x', '--to', 'postgres://segl:secret@host/segl'],
      'holds a password',
    ],
  ])('refuses %s', async (_, exitCode, argv, words) => {
    const ran = await segl(['persons', 'copy', '--keyring', keys.directory, ...argv]);
    expect([ran.exitCode, ran.said]).toEqual([exitCode, expect.stringContaining(words)]);
    expect(ran.said).not.toContain('secret@');
  });

  it('refuses another keyring than the one the source was written with', async () => {
    await fill(source, 2);
    const other = await temporaryKeyring();
    try {
      const refused = await segl(['persons', 'copy', '--keyring', other.directory, '--from', source, '--to', target]);
      expect([refused.exitCode, refused.said]).toEqual([69, expect.stringContaining('another keyring')]);
    } finally {
      await other.remove();
    }
  });

  it(`goes on after ${KILLS} kills at any moment, and both sides are the same`, async () => {
    await fill(source, 5000);
    const stages: number[] = [];
    const startCopy = () => {
      const child = spawn(process.execPath, [builtSegl(), ...argvOf(source, target), '--json'], {
        env: { PATH: process.env['PATH'] },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      alive.add(child);
      let out = '';
      child.stdout.on('data', (piece) => (out += String(piece)));
      const ended = once(child, 'close').then(([code]) => {
        alive.delete(child);
        return { code: code as number | null, out };
      });
      return { child, ended };
    };
    while (stages.length < KILLS) {
      const before = count(target);
      const { child, ended } = startCopy();
      let isOver = false;
      void ended.then(() => (isOver = true));
      // Every third one wherever it happens to be; the others while they write.
      if (stages.length % 3 === 2) await sleep(300 + Math.random() * 900);
      else while (!isOver && count(target) === before) await sleep(5);
      child.kill('SIGKILL');
      const { code } = await ended;
      expect([null, 0]).toContain(code); // killed, or done: nothing that it met on the way makes it fail
      if (code === null) {
        expect(count(target)).toBeGreaterThanOrEqual(before);
        stages.push(count(target));
      } else {
        // It was done before the kill: once more from the beginning.
        for (const end of ['', '-wal', '-shm']) await rm(join(directory, `target.sqlite${end}`), { force: true });
      }
    }
    // Killed on its way, again and again: how far it comes between two kills is the machine's matter.
    expect(stages.filter((stage) => stage > 0 && stage < 5000).length).toBeGreaterThan(KILLS / 4);
    const { code, out } = await startCopy().ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ persons: 5000, indexEntries: 5000 });
    expect(stored(target)).toEqual(stored(source));
  }, 900_000); // a busy machine takes seconds to start a process, forty times

  withPostgres('to PostgreSQL and back', () => {
    let server: TemporaryPostgres;
    beforeAll(async () => {
      server = await startTemporaryPostgres();
    }, 120_000);
    afterAll(() => server.remove());

    it('brings every row there, and the same rows home again', async () => {
      await fill(source, 1100);
      const there = await copy(source, server.url, '--json');
      expect([there.exitCode, there.said]).toEqual([0, '']);
      const [counted] = await server.query<{ persons: string; entries: string }>(
        'SELECT (SELECT count(*) FROM segl_persons.persons) AS persons, (SELECT count(*) FROM segl_persons.person_index) AS entries',
      );
      expect(counted).toEqual({ persons: '1100', entries: '1100' });
      const back = await copy(server.url, target, '--json');
      expect(JSON.parse(back.text)).toMatchObject({ copied: 1100, digest: JSON.parse(there.text).digest });
      expect(stored(target)).toEqual(stored(source));
    }, 120_000);
  });
});
