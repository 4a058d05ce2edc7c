import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parseMailAddress } from '#libs/vocabulary';
import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';
import { temporaryKeyring } from '../../testing/temporary-keyring.ts';
import type { TemporaryKeyring } from '../../testing/temporary-keyring.ts';
import { postgresBinaries, startTemporaryPostgres } from '../../testing/temporary-postgres.ts';
import type { TemporaryPostgres } from '../../testing/temporary-postgres.ts';
import { PostgresPersonDirectory } from './postgres-person-directory.ts';
import type { PostgresPersonDirectoryOptions } from './postgres-person-directory.ts';

const withPostgres = postgresBinaries() === null ? describe.skip : describe;
jest.setTimeout(120_000); // servers start, stop and start again; a busy machine takes its time
/** Where many come at once and are meant to get through, on a busy machine too. */
const patient = { waitMs: 60_000, statementMs: 60_000 };
const anna = parseMailAddress('anna@example.com');
const bo = parseMailAddress('bo@example.com');

let keys: TemporaryKeyring;
const opened: PostgresPersonDirectory[] = [];

beforeEach(async () => {
  keys = await temporaryKeyring();
});

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
  await keys.remove();
});

async function open(url: string, options: PostgresPersonDirectoryOptions = {}): Promise<PostgresPersonDirectory> {
  const persons = await PostgresPersonDirectory.open(url, keys.keyring, options);
  opened.push(persons);
  return persons;
}

/** @throws Error after 30 s: a busy machine takes its time */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await isSo()); await sleep(20)) {
    if (Date.now() > deadline) throw new Error('it never came about');
  }
}

const succeeds = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  );

withPostgres('the tables of the person directory', () => {
  let server: TemporaryPostgres;
  let url: string;
  beforeAll(async () => {
    server = await startTemporaryPostgres({ settings: { max_connections: '40' } });
    await server.query('CREATE ROLE app LOGIN');
  });
  afterAll(() => server.remove());
  beforeEach(async () => {
    url = await server.newDatabase();
  });

  it('are made once when many start at once on an empty database', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => open(url, { ...patient, poolSize: 2 })));
    const ids = await Promise.all(all.map((persons) => persons.findOrCreate(anna)));
    expect(new Set(ids.map((person) => person.personId)).size).toBe(1);
    expect(await server.query('SELECT * FROM segl_persons.schema_version', url)).toEqual([{ only_row: 1, version: 1 }]);
  });

  it('hold no address, and nothing that tells one', async () => {
    const person = await (await open(url, patient)).findOrCreate(anna);
    const rows = await server.query<object>(
      'SELECT * FROM segl_persons.persons JOIN segl_persons.person_index USING (person_id)',
      url,
    );
    expect(rows).toEqual([
      {
        person_id: person.personId,
        wrapping_key_id: 'person-wrapping-1',
        wrapped_key: expect.objectContaining({ length: 60 }),
        index_key_id: 'person-index-1',
        address_hash: expect.objectContaining({ length: 32 }),
      },
    ]);
  });

  it('of a newer Segl are left alone, by who starts and by who runs', async () => {
    const persons = await open(url);
    await server.query('UPDATE segl_persons.schema_version SET version = 99', url);
    await expect(open(url)).rejects.toThrow('made by a newer Segl (schema 99, this one knows 1)');
    expect(await succeeds(persons.find(anna))).toBe(true); // a connection that was there before
    await endConnections();
    await expect(persons.find(anna)).rejects.toThrow('newer Segl');
    await server.query('UPDATE segl_persons.schema_version SET version = 1', url);
    expect(await persons.find(anna)).toBeNull();
  });

  it('that are gone are not made anew under a running process', async () => {
    const persons = await open(url);
    await persons.findOrCreate(anna);
    await server.query('DROP SCHEMA segl_persons CASCADE', url);
    await expect(persons.findOrCreate(anna)).rejects.toThrow('tables are not there any more');
    await endConnections();
    await expect(persons.findOrCreate(anna)).rejects.toThrow('has lost its tables');
    await expect(persons.checkWritable()).rejects.toThrow(PersonDirectoryUnavailable);
  });

  it('are not shared by two keyrings that come at the same moment', async () => {
    const other = await temporaryKeyring();
    const one = await open(url);
    const two = await PostgresPersonDirectory.open(url, other.keyring); // nobody has written yet, so nobody can tell
    opened.push(two);
    const outcomes = await Promise.allSettled([one.findOrCreate(anna), two.findOrCreate(bo)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [lost] = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(String(lost?.reason)).toContain('another keyring');
    expect(await server.query('SELECT 1 FROM segl_persons.persons', url)).toHaveLength(1);
    await other.remove();
  });

  it('need few rights once they are there, and say when one is missing', async () => {
    const asApp = url.replace('segl@', 'app@');
    await expect(open(asApp)).rejects.toThrow('grants in ops/runbooks/postgresql.md (SQLSTATE 42501)');
    await open(url);
    await expect(open(asApp)).rejects.toThrow('42501');
    const runbook = await readFile(new URL('../../../../../ops/runbooks/postgresql.md', import.meta.url), 'utf8');
    const [, grants = ''] = /```sql grants\n([^]*?)```/.exec(runbook) ?? [];
    expect(grants).toContain('GRANT');
    await server.query(grants.replaceAll('segl_app', 'app'), url);
    const notices: string[] = [];
    const persons = await open(asApp, { onNotice: ({ what }) => notices.push(what) });
    const person = await persons.findOrCreate(anna);
    await persons.checkWritable();
    expect(await persons.rewrap()).toBe(0);
    expect(await persons.erase(person.personId)).toBe(true);
    await expect(server.query('SELECT 1; SET ROLE app; DROP TABLE segl_persons.persons', url)).rejects.toThrow('owner');
  });

  it('give a row of another person away to nobody', async () => {
    const persons = await open(url);
    const other = await persons.findOrCreate(bo);
    await persons.findOrCreate(anna);
    await server.query(
      `UPDATE segl_persons.persons SET wrapped_key = (SELECT wrapped_key FROM segl_persons.persons WHERE person_id = '${other.personId}')`,
      url,
    );
    await expect(persons.find(anna)).rejects.toThrow('altered');
  });

  it('forget who is erased while others write them down', async () => {
    const persons = [
      await open(url, { ...patient, poolSize: 4 }),
      await open(url, { ...patient, poolSize: 4 }),
    ] as const;
    for (let round = 0; round < 30; round++) {
      const person = await persons[0].findOrCreate(anna);
      const [, , erased] = await Promise.all([
        persons[1].findOrCreate(anna),
        persons[0].findOrCreate(anna),
        persons[1].erase(person.personId),
        persons[1].rewrap(),
      ]);
      expect(erased).toBe(true);
      expect(await persons[0].findById(person.personId)).toBeNull();
      expect((await persons[0].find(anna))?.personId).not.toBe(person.personId);
    }
    const left = await server.query<object>('SELECT 1 FROM segl_persons.persons', url);
    expect(left.length).toBeLessThanOrEqual(1);
  });

  it('free what was erased, soon', async () => {
    const persons = await open(url);
    const people = await Promise.all(
      Array.from({ length: 50 }, (_, i) => persons.findOrCreate(parseMailAddress(`p${i}@example.com`))),
    );
    for (const person of people) await persons.erase(person.personId);
    await until(async () => {
      const sql = `SELECT last_vacuum FROM pg_stat_user_tables WHERE relname = 'persons' AND last_vacuum IS NOT NULL`;
      return (await server.query(sql, url)).length === 1;
    });
  });

  it('held by somebody else cost a bounded wait and a reason', async () => {
    const persons = await open(url, { statementMs: 300, waitMs: 300, poolSize: 2 });
    await persons.findOrCreate(anna);
    const held = server.query('BEGIN; LOCK TABLE segl_persons.persons; SELECT pg_sleep(20); COMMIT', url);
    const isHeld = async () => !(await succeeds(persons.find(anna)));
    await until(isHeld);
    await expect(persons.find(anna)).rejects.toThrow(/in time|too long/);
    const many = await Promise.allSettled(Array.from({ length: 20 }, () => persons.find(bo)));
    const reasons = new Set(many.map((each) => (each.status === 'rejected' ? String(each.reason) : 'answered')));
    expect([...reasons].join('\n')).toContain('no connection of the pool became free in time');
    const [{ pid } = { pid: 0 }] = await server.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE%' AND datname = current_database()`,
      url,
    );
    await server.query(`SELECT pg_terminate_backend(${pid})`, url);
    await expect(held).rejects.toThrow();
    await until(() => succeeds(persons.find(anna)));
  });

  it('are asked over no more connections than allowed, and a server without one left says so', async () => {
    const persons = await open(url, { ...patient, poolSize: 3 });
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => persons.findOrCreate(parseMailAddress(`p${i}@example.com`))),
    );
    const count = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'segl' AND datname = current_database()`;
    expect((await server.query<{ count: number }>(count, url))[0]?.count).toBeLessThanOrEqual(3);
    await server.query('ALTER ROLE app CONNECTION LIMIT 0');
    await expect(open(url.replace('segl@', 'app@'))).rejects.toThrow('no connection left');
    await server.query('ALTER ROLE app CONNECTION LIMIT -1');
    await persons.close();
    await until(async () => (await server.query<{ count: number }>(count, url))[0]?.count === 0);
  });

  async function endConnections(): Promise<void> {
    await server.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'segl' AND datname = current_database()`,
      url,
    );
  }
});

withPostgres('a server that takes nothing', () => {
  let server: TemporaryPostgres;
  beforeEach(async () => {
    server = await startTemporaryPostgres();
  });
  afterEach(() => server.remove());

  it('because it is read-only, is read and not written', async () => {
    const notices: string[] = [];
    const persons = await open(server.url, { onNotice: ({ what, reason }) => notices.push(`${what}: ${reason}`) });
    const person = await persons.findOrCreate(anna);
    await server.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await server.query('SELECT pg_reload_conf()');
    await until(async () => !(await succeeds(persons.checkWritable())));
    await expect(persons.checkWritable()).rejects.toThrow('read-only');
    await expect(persons.findOrCreate(bo)).rejects.toThrow('read-only');
    expect((await persons.find(anna))?.personId).toBe(person.personId);
  });

  it('because it is a standby, is not even read: what was erased may still be there', async () => {
    const persons = await open(server.url);
    const person = await persons.findOrCreate(anna);
    await server.stop();
    await writeFile(join(server.dataDirectory, 'standby.signal'), '');
    await server.start();
    await expect(persons.find(anna)).rejects.toThrow('standby');
    await expect(persons.checkWritable()).rejects.toThrow('standby');
    await expect(open(server.url)).rejects.toThrow('standby');
    await server.query('SELECT pg_promote()');
    await until(() => succeeds(persons.checkWritable()));
    expect((await persons.find(anna))?.personId).toBe(person.personId);
  });

  it('because its disk is full, is read and not written, and written again when there is room', async () => {
    const tiny = await tinyDisk();
    if (tiny === null) {
      process.stdout.write('SKIPPED: a full disk of PostgreSQL: no small file system may be mounted here\n');
      return;
    }
    try {
      const persons = await open(server.url);
      const person = await persons.findOrCreate(anna);
      await server.query(`CREATE TABLESPACE tiny LOCATION '${tiny.path}'`);
      await server.query('ALTER TABLE segl_persons.persons SET TABLESPACE tiny');
      let reason = '';
      for (let i = 0; reason === ''; i++) {
        const outcome = await persons.findOrCreate(parseMailAddress(`p${i}@example.com`)).catch(String);
        if (typeof outcome === 'string') reason = outcome;
      }
      expect(reason).toContain('its disk is full');
      await expect(persons.checkWritable()).rejects.toThrow('its disk is full');
      expect((await persons.find(anna))?.personId).toBe(person.personId);
      await server.query('ALTER TABLE segl_persons.persons SET TABLESPACE pg_default');
      await persons.checkWritable();
      expect((await persons.findOrCreate(bo)).personId).toMatch(/^[a-z2-7]{26}$/);
      await server.stop();
    } finally {
      await tiny.remove();
    }
  });

  it('because fsync is off, would lose what it has promised', async () => {
    await server.query('ALTER SYSTEM SET fsync = off');
    await server.query('SELECT pg_reload_conf()');
    await expect(open(server.url)).rejects.toThrow('fsync is off');
  });

  it('commits at once even where its default is to do so later', async () => {
    await server.query('ALTER SYSTEM SET synchronous_commit = off');
    await server.query('SELECT pg_reload_conf()');
    await until(async () => {
      const [row] = await server.query<{ synchronous_commit: string }>('SHOW synchronous_commit');
      return row?.synchronous_commit === 'off';
    });
    const persons = await open(server.url);
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) => persons.findOrCreate(parseMailAddress(`p${i}@example.com`))),
    );
    await server.kill();
    await server.start();
    for (const { personId } of made) expect(await persons.findById(personId)).not.toBeNull();
  });

  /** A file system of some pages that PostgreSQL may write. Null where this process may not mount one. */
  async function tinyDisk(): Promise<{ path: string; remove(): Promise<void> } | null> {
    const run = promisify(execFile);
    const path = await mkdtemp(join(tmpdir(), 'segl-tiny-'));
    const { uid, gid } = await import('node:fs').then(({ statSync }) => statSync(server.dataDirectory));
    const options = `size=128k,mode=0700,uid=${uid},gid=${gid}`;
    const isMounted = await succeeds(run('mount', ['-t', 'tmpfs', '-o', options, 'segl-tiny', path]));
    const remove = async () => {
      if (isMounted) await server.remove().then(() => run('umount', [path]));
      await rm(path, { recursive: true, force: true });
    };
    if (isMounted) return { path, remove };
    await remove();
    return null;
  }
});
