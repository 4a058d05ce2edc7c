import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';
import type { Query } from './postgres-connections.ts';

/** PostgreSQL 15: what Debian 12 has, supported until November 2027. */
const MIN_SERVER_VERSION = 150_000;

/** Any number that nobody else takes: "segl pd" in ASCII. */
const MIGRATION_LOCK = '32481117191827556';
/** Several processes start at once, and the first one makes the tables. */
const MIGRATION_MS = 60_000;

/**
 * Each is run once, in order, in one transaction with its number; never changed once it was released. A person is filed under a
 * hash for each live index key. `COLLATE "C"`: ids are bytes, and no upgrade of a C library may make an index of them wrong.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE segl_persons.persons (
    person_id text COLLATE "C" PRIMARY KEY,
    wrapping_key_id text COLLATE "C" NOT NULL,
    wrapped_key bytea NOT NULL
  );
  CREATE INDEX persons_by_wrapping_key ON segl_persons.persons (wrapping_key_id);
  CREATE TABLE segl_persons.person_index (
    address_hash bytea PRIMARY KEY,
    index_key_id text COLLATE "C" NOT NULL,
    person_id text COLLATE "C" NOT NULL REFERENCES segl_persons.persons (person_id) ON DELETE CASCADE
  );
  CREATE INDEX person_index_by_person ON segl_persons.person_index (person_id);
  CREATE TABLE segl_persons.index_key_checks (
    index_key_id text COLLATE "C" PRIMARY KEY,
    check_value bytea NOT NULL
  );
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** @throws PersonDirectoryUnavailable  for a server on which a person would not be kept, or not be forgotten */
export async function refuseUnfitServer(query: Query): Promise<void> {
  const [server] = await query<{ version: number; release: string; standby: boolean; fsync: string }>(`
    SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS release,
      pg_is_in_recovery() AS standby, current_setting('fsync') AS fsync,
      set_config('synchronous_commit',
        CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)
  `);
  if (server === undefined) throw unfit('it does not say what it is');
  if (server.version < MIN_SERVER_VERSION) {
    throw unfit(`PostgreSQL 15 or newer is needed, and this is ${server.release.split(' ')[0]}`);
  }
  if (server.standby) throw unfit('it is a standby, which shows the erased a while longer: name the primary');
  if (server.fsync !== 'on') throw unfit('fsync is off there, so nothing it says is kept for certain: switch it on');
}

/** @returns 0 where nothing was ever made @throws PersonDirectoryUnavailable  for tables of a newer Segl */
export async function schemaVersionOf(query: Query): Promise<number> {
  // Asked of the catalogue: to_regclass() may answer from before the wait for another process (seen in PostgreSQL 15).
  const found = await query(
    `SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'segl_persons' AND tablename = 'schema_version'`,
  );
  if (found.length === 0) return 0;
  const [row] = await query<{ version: number }>('SELECT version FROM segl_persons.schema_version');
  const version = row?.version ?? 0;
  if (version > SCHEMA_VERSION) {
    throw unfit(
      `its tables were made by a newer Segl (schema ${version}, this one knows ${SCHEMA_VERSION}): run that version`,
    );
  }
  return version;
}

/** Makes what is missing; inside a transaction. Of several processes at once one does, the others wait for it. */
export async function migrate(query: Query): Promise<void> {
  const patient = { statementMs: MIGRATION_MS };
  await query(`SET LOCAL statement_timeout = ${MIGRATION_MS}; SET LOCAL lock_timeout = ${MIGRATION_MS}`);
  await query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK], patient);
  const version = await schemaVersionOf(query);
  if (version === SCHEMA_VERSION) return;
  if (version === 0) {
    const found = await query(`SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'segl_persons'`);
    if (found.length === 0) await query('CREATE SCHEMA segl_persons');
    await query(`CREATE TABLE IF NOT EXISTS segl_persons.schema_version (
      only_row int PRIMARY KEY CHECK (only_row = 1),
      version int NOT NULL
    )`);
  }
  for (const statements of MIGRATIONS.slice(version)) await query(statements, undefined, patient);
  await query(
    `INSERT INTO segl_persons.schema_version (only_row, version) VALUES (1, $1)
     ON CONFLICT (only_row) DO UPDATE SET version = excluded.version`,
    [SCHEMA_VERSION],
  );
}

function unfit(reason: string): PersonDirectoryUnavailable {
  return new PersonDirectoryUnavailable(`the person directory on PostgreSQL cannot be used: ${reason}`);
}
