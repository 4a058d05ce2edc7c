import { setTimeout as sleep } from 'node:timers/promises';
import { newPersonId } from '#libs/vocabulary';
import type { MailAddress, PersonId } from '#libs/vocabulary';
import type { KeyId } from '../../custody/key-kinds.ts';
import type { Keyring } from '../../keyring.ts';
import type { Person } from '../../person/person.ts';
import { PersonCustody } from '../../person/person-custody.ts';
import type { AddressHash, PersonRow } from '../../person/person-custody.ts';
import { PersonDirectory, PersonDirectoryUnavailable } from '../../person/person-directory.ts';
import { changesFor, MAX_PERSON_ROWS, recordsOf, requireRowCount } from '../../person/person-rows.ts';
import type { PersonIndexRow, PersonRecord, PersonRows } from '../../person/person-rows.ts';
import { PostgresConnections } from './postgres-connections.ts';
import type { PostgresLimits, Query } from './postgres-connections.ts';
import { migrate, refuseUnfitServer, SCHEMA_VERSION, schemaVersionOf } from './postgres-schema.ts';
import { parsePostgresTarget, tlsOf } from './postgres-target.ts';

/** Names no host and no person. `lost` and `back` are told once each, `not-swept` for each time. */
export interface PostgresNotice {
  /** `not-swept`: what was erased stays in dead rows until PostgreSQL's own vacuum gets there. */
  readonly what: 'lost' | 'back' | 'not-swept';
  readonly reason: string;
}

export interface PostgresPersonDirectoryOptions extends Partial<PostgresLimits> {
  /** PEM of the authorities to trust. Default: Node's own list. */
  readonly caFile?: string | undefined;
  /** Holds the password and nothing else; read anew for each connection. Not needed where the server asks for none. */
  readonly passwordFile?: string | undefined;
  readonly onNotice?: ((notice: PostgresNotice) => void) | undefined;
}

const PLACE = 'on PostgreSQL';
const DEFAULT_LIMITS: PostgresLimits = { poolSize: 8, waitMs: 3000, statementMs: 4000 };
/** Wrapped anew in one transaction; between two of them others get their turn. */
const REWRAP_BATCH = 200;
/** A sweep of a million persons takes seconds; nobody waits for it but a rotation. */
const SWEEP_MS = 60_000;
const SWEEP_AT_CLOSE_MS = 1000;

const FIND = `
  SELECT persons.person_id, wrapping_key_id, wrapped_key, address_hash
  FROM segl_persons.person_index JOIN segl_persons.persons USING (person_id)
  WHERE address_hash = ANY ($1::bytea[])
  ORDER BY array_position($1::bytea[], address_hash)
`;
const INSERT = 'INSERT INTO segl_persons.persons (person_id, wrapping_key_id, wrapped_key) VALUES ($1, $2, $3)';
const REWRAP = `
  UPDATE segl_persons.persons SET wrapping_key_id = entry.key_id, wrapped_key = entry.wrapped
  FROM unnest($1::text[], $2::text[], $3::bytea[]) AS entry (id, key_id, wrapped) WHERE person_id = entry.id
`;

interface IndexedRow extends PersonRow {
  readonly address_hash: Uint8Array;
}

/** Of a row of `persons`, `$1` the id of a key: whose key is wrapped under it, or whom only an index entry made with it finds. */
const DEPENDS_ON_KEY = `wrapping_key_id = $1 OR (
  EXISTS (SELECT 1 FROM segl_persons.person_index AS own WHERE own.person_id = persons.person_id AND own.index_key_id = $1)
  AND NOT EXISTS (SELECT 1 FROM segl_persons.person_index AS other WHERE other.person_id = persons.person_id AND other.index_key_id <> $1)
)`;

/** The person directory in a PostgreSQL database (15 or newer), for any number of processes on any number of machines. */
export class PostgresPersonDirectory extends PersonDirectory implements PersonRows {
  private readonly connections: PostgresConnections;
  private readonly custody: PersonCustody;
  private readonly onNotice: (notice: PostgresNotice) => void;
  private isReady = false;
  private sweeping: Promise<void> | null = null;
  private isSweepDue = false;

  private constructor(
    connections: (directory: PostgresPersonDirectory) => PostgresConnections,
    custody: PersonCustody,
    onNotice: (notice: PostgresNotice) => void,
  ) {
    super();
    this.custody = custody;
    this.onNotice = onNotice;
    this.connections = connections(this);
  }

  /**
   * Makes the tables where there are none, or older ones. The keyring stays the caller's to close.
   * @param url  see `parsePostgresTarget`
   * @throws PersonDirectoryUnavailable  for a URL that is not one, a server that is not there, not PostgreSQL 15, a standby, or
   *   without fsync, tables of a newer Segl, and tables written with another keyring
   */
  static async open(
    url: string,
    keyring: Keyring,
    options: PostgresPersonDirectoryOptions = {},
  ): Promise<PostgresPersonDirectory> {
    const target = parsePostgresTarget(url);
    const tls = await tlsOf(target, options.caFile);
    const onNotice = options.onNotice ?? (() => undefined);
    const limits: PostgresLimits = {
      poolSize: options.poolSize ?? DEFAULT_LIMITS.poolSize,
      waitMs: options.waitMs ?? DEFAULT_LIMITS.waitMs,
      statementMs: options.statementMs ?? DEFAULT_LIMITS.statementMs,
    };
    const connectionsOf = (directory: PostgresPersonDirectory) =>
      new PostgresConnections(target, {
        ...limits,
        tls,
        passwordFile: options.passwordFile,
        onConnect: (query) => directory.examine(query),
        onAvailability: (reason) =>
          onNotice(
            reason === null ? { what: 'back', reason: 'the person directory answers' } : { what: 'lost', reason },
          ),
      });
    const directory = new PostgresPersonDirectory(connectionsOf, new PersonCustody(keyring), onNotice);
    try {
      await directory.prepare();
    } catch (error) {
      await directory.close();
      throw error;
    }
    return directory;
  }

  override async find(address: MailAddress): Promise<Person | null> {
    const hashes = this.custody.addressHashes(address);
    return this.connections.read(async (query) => this.personAmong(await this.rowsOf(query, hashes)));
  }

  override async findOrCreate(address: MailAddress): Promise<Person> {
    const hashes = this.custody.addressHashes(address);
    // Most are known, and reading waits for nobody.
    const known = await this.connections.read((query) => this.rowsOf(query, hashes));
    const isFiledUnderNewest = known.some((row) => equals(row.address_hash, hashes[0]?.hash));
    const person = isFiledUnderNewest ? this.personAmong(known) : null;
    return person ?? this.connections.write((query) => this.fileOrCreate(query, hashes), { repeatable: true });
  }

  override async findById(personId: PersonId): Promise<Person | null> {
    const sql = 'SELECT person_id, wrapping_key_id, wrapped_key FROM segl_persons.persons WHERE person_id = $1';
    return this.connections.read(async (query) => this.personAmong(await query<PersonRow>(sql, [personId])));
  }

  override async erase(personId: PersonId): Promise<boolean> {
    // The index entries go by the foreign key, after the row itself is locked: one that is being made meanwhile goes with them.
    const erased = await this.connections.write((query) =>
      query('DELETE FROM segl_persons.persons WHERE person_id = $1 RETURNING 1', [personId]),
    );
    if (erased.length > 0) void this.sweep();
    return erased.length > 0;
  }

  override async rewrap(): Promise<number> {
    const [, ...older] = this.custody.wrappingKeyIds();
    let count = 0;
    for (const keyId of older) {
      for (let wrapped = -1; wrapped !== 0; count += wrapped) {
        wrapped = await this.connections.write((query) => this.rewrapBatch(query, keyId));
      }
    }
    await this.dropWhatIsLost();
    if (count > 0) await this.sweep();
    return count;
  }

  override async countDependingOn(keyId: KeyId): Promise<number> {
    const sql = `SELECT count(*)::int AS count FROM segl_persons.persons WHERE ${DEPENDS_ON_KEY}`;
    const [row] = await this.connections.read((query) => query<{ count: number }>(sql, [keyId]));
    return row?.count ?? 0;
  }

  override async dependsOn(personId: PersonId, keyId: KeyId): Promise<boolean> {
    const sql = `SELECT 1 FROM segl_persons.persons WHERE person_id = $2 AND (${DEPENDS_ON_KEY})`;
    return (await this.connections.read((query) => query(sql, [keyId, personId]))).length > 0;
  }

  async *readRows(): AsyncIterable<PersonRecord> {
    const page = `SELECT person_id, wrapping_key_id, wrapped_key FROM segl_persons.persons
      WHERE person_id > $1 ORDER BY person_id LIMIT ${MAX_PERSON_ROWS}`;
    const of = `SELECT person_id, index_key_id, address_hash FROM segl_persons.person_index
      WHERE person_id = ANY ($1::text[]) ORDER BY address_hash`;
    for (let after = ''; ;) {
      const [persons, index] = await this.connections.read(async (query) => {
        const found = await query<PersonRow>(page, [after]);
        const ids = found.map(({ person_id }) => person_id);
        return [found, await query<PersonIndexRow & { person_id: PersonId }>(of, [ids])] as const;
      });
      yield* recordsOf(persons, index, this.custody);
      if (persons.length < MAX_PERSON_ROWS) return;
      after = persons.at(-1)?.person_id ?? '';
    }
  }

  async writeRows(records: readonly PersonRecord[]): Promise<void> {
    requireRowCount(records);
    const ids = records.map(({ person_id }) => person_id);
    const hashes = records.flatMap(({ index }) => index.map(({ address_hash }) => address_hash));
    await this.connections.write(
      async (query) => {
        const persons = await query<PersonRow>(
          `SELECT person_id, wrapping_key_id, wrapped_key FROM segl_persons.persons
           WHERE person_id = ANY ($1::text[]) ORDER BY person_id FOR NO KEY UPDATE`,
          [ids],
        );
        const index = await query<PersonIndexRow & { person_id: PersonId }>(
          'SELECT person_id, index_key_id, address_hash FROM segl_persons.person_index WHERE address_hash = ANY ($1::bytea[])',
          [hashes],
        );
        const { made, rewrapped, filed } = changesFor(records, { persons, index }, this.custody);
        const columns = (rows: readonly PersonRow[]) => [
          rows.map(({ person_id }) => person_id),
          rows.map(({ wrapping_key_id }) => wrapping_key_id),
          rows.map(({ wrapped_key }) => wrapped_key),
        ];
        await query(
          `INSERT INTO segl_persons.persons (person_id, wrapping_key_id, wrapped_key)
           SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])`,
          columns(made),
        );
        await query(REWRAP, columns(rewrapped));
        await query(
          `INSERT INTO segl_persons.person_index (address_hash, index_key_id, person_id)
           SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[])`,
          [
            filed.map(({ address_hash }) => address_hash),
            filed.map(({ index_key_id }) => index_key_id),
            filed.map(({ person_id }) => person_id),
          ],
        );
        await this.keepIndexKeyChecks(query);
      },
      { repeatable: true },
    );
  }

  override async checkWritable(): Promise<void> {
    // What making a person takes, in the same tables; nobody ever sees it, since it is gone within the same transaction.
    const [personId, nothing] = [newPersonId(), Buffer.alloc(32)];
    await this.connections.write(async (query) => {
      await query(INSERT, [personId, 'none', nothing]);
      await this.fileUnder(query, personId, [{ indexKeyId: 'none', hash: Buffer.from(personId) }]);
      await query('DELETE FROM segl_persons.persons WHERE person_id = $1', [personId]);
    });
    this.custody.addressHashes('' as MailAddress);
    this.custody.wrappingKeyIds();
  }

  override async close(): Promise<void> {
    if (this.sweeping !== null)
      await Promise.race([this.sweeping, sleep(SWEEP_AT_CLOSE_MS, undefined, { ref: false })]);
    await this.connections.close();
  }

  private async prepare(): Promise<void> {
    if ((await this.connections.read(schemaVersionOf)) < SCHEMA_VERSION) {
      await this.connections.write(migrate, { repeatable: true });
    }
    await this.connections.read((query) => this.refuseForeignKeyring(query));
    this.isReady = true;
  }

  /** A server may come back as another one: an older backup, a standby, a newer schema. */
  private async examine(query: Query): Promise<void> {
    await refuseUnfitServer(query);
    if (!this.isReady) return;
    if ((await schemaVersionOf(query)) < SCHEMA_VERSION) {
      throw new PersonDirectoryUnavailable(
        `the person directory ${PLACE} has lost its tables: restore them, an empty one would make everybody somebody else`,
      );
    }
    await this.refuseForeignKeyring(query);
  }

  private async refuseForeignKeyring(query: Query): Promise<void> {
    const sql = 'SELECT index_key_id, check_value FROM segl_persons.index_key_checks';
    const kept = await query<{ index_key_id: KeyId; check_value: Uint8Array }>(sql);
    this.custody.refuseForeignKeyring(PLACE, new Map(kept.map((row) => [row.index_key_id, row.check_value])));
  }

  private rowsOf(query: Query, hashes: readonly AddressHash[], lock = ''): Promise<IndexedRow[]> {
    return query<IndexedRow>(FIND + lock, [hashes.map(({ hash }) => hash)]);
  }

  private personAmong(rows: readonly PersonRow[]): Person | null {
    const row = rows.find((each) => !this.custody.isLost(each));
    return row === undefined ? null : this.custody.unwrap(row);
  }

  /**
   * One at a time for each address: whoever has a live index key in common waits here for the other, in one order for all, and
   * then sees what the other made. The row that is found stays until this is committed: no entry is filed for the erased.
   */
  private async fileOrCreate(query: Query, hashes: readonly AddressHash[]): Promise<Person> {
    const locks = hashes.map(({ hash }) => Buffer.from(hash).readBigInt64BE()).sort((a, b) => (a < b ? -1 : 1));
    for (const lock of locks) await query('SELECT pg_advisory_xact_lock($1)', [String(lock)]);
    const found = this.personAmong(await this.rowsOf(query, hashes, 'FOR KEY SHARE OF persons'));
    const person = found ?? this.custody.newPerson();
    if (found === null) {
      const { wrappingKeyId, wrappedKey } = this.custody.wrap(person);
      await query(INSERT, [person.personId, wrappingKeyId, wrappedKey]);
    }
    await this.fileUnder(query, person.personId, hashes);
    await this.keepIndexKeyChecks(query);
    return person;
  }

  private async keepIndexKeyChecks(query: Query): Promise<void> {
    const checks = this.custody.indexKeyChecks();
    await query(
      `INSERT INTO segl_persons.index_key_checks (index_key_id, check_value)
       SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT DO NOTHING`,
      [checks.map(({ indexKeyId }) => indexKeyId), checks.map(({ hash }) => hash)],
    );
    await this.refuseForeignKeyring(query); // which may have been the first to write, a moment ago
  }

  private async fileUnder(query: Query, personId: PersonId, hashes: readonly AddressHash[]): Promise<void> {
    await query(
      `INSERT INTO segl_persons.person_index (address_hash, index_key_id, person_id)
       SELECT address_hash, index_key_id, $3 FROM unnest($1::bytea[], $2::text[]) AS entry (address_hash, index_key_id)
       ON CONFLICT (address_hash) DO UPDATE SET index_key_id = excluded.index_key_id, person_id = excluded.person_id
       WHERE person_index.person_id <> excluded.person_id`,
      [hashes.map(({ hash }) => hash), hashes.map(({ indexKeyId }) => indexKeyId), personId],
    );
  }

  private async rewrapBatch(query: Query, keyId: KeyId): Promise<number> {
    const batch = await query<PersonRow>(
      `SELECT person_id, wrapping_key_id, wrapped_key FROM segl_persons.persons
       WHERE wrapping_key_id = $1 ORDER BY person_id LIMIT ${REWRAP_BATCH} FOR NO KEY UPDATE`,
      [keyId],
    );
    const wrapped = batch.map((row) => this.custody.wrap(this.custody.unwrap(row)));
    await query(REWRAP, [
      batch.map((row) => row.person_id),
      wrapped.map(({ wrappingKeyId }) => wrappingKeyId),
      wrapped.map(({ wrappedKey }) => wrappedKey),
    ]);
    return batch.length;
  }

  /** What was filed or wrapped under a key that has been destroyed since. */
  private async dropWhatIsLost(): Promise<void> {
    for (const [table, column] of [
      ['person_index', 'index_key_id'],
      ['persons', 'wrapping_key_id'],
    ] as const) {
      const used = await this.connections.read((query) =>
        query<{ id: KeyId }>(`SELECT DISTINCT ${column} AS id FROM segl_persons.${table}`),
      );
      for (const { id } of used.filter((key) => this.custody.isDestroyed(key.id))) {
        await this.connections.write((query) => query(`DELETE FROM segl_persons.${table} WHERE ${column} = $1`, [id]));
      }
    }
  }

  /**
   * Has PostgreSQL free the dead rows, which its own vacuum would do some time. Best effort, and no erasure by itself: a freed
   * place keeps its bytes until something else is written there, and the WAL keeps them anyhow. What makes them worthless is
   * that the wrapping key is destroyed (ops/runbooks/postgresql.md).
   */
  private async sweep(): Promise<void> {
    this.isSweepDue = true;
    this.sweeping ??= this.sweepWhileDue().finally(() => (this.sweeping = null));
    await this.sweeping;
  }

  private async sweepWhileDue(): Promise<void> {
    const sql = 'VACUUM (SKIP_LOCKED, TRUNCATE false) segl_persons.persons, segl_persons.person_index';
    while (this.isSweepDue) {
      this.isSweepDue = false;
      try {
        await this.connections.read(async (query) => {
          await query(`SET statement_timeout = ${SWEEP_MS}`);
          try {
            await query(sql, undefined, { statementMs: SWEEP_MS });
          } finally {
            await query('RESET statement_timeout');
          }
        });
      } catch (error) {
        const reason = error instanceof PersonDirectoryUnavailable ? error.message : 'the sweep failed';
        this.onNotice({ what: 'not-swept', reason });
        return;
      }
    }
  }
}

function equals(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && Buffer.compare(one, other) === 0;
}
