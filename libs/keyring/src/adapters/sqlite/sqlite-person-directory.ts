import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MailAddress, PersonId } from '#libs/vocabulary';
import type { KeyId } from '../../custody/key-kinds.ts';
import type { Keyring } from '../../keyring.ts';
import type { Person } from '../../person/person.ts';
import { PersonCustody } from '../../person/person-custody.ts';
import type { AddressHash, PersonRow } from '../../person/person-custody.ts';
import { PersonDirectory, PersonDirectoryUnavailable } from '../../person/person-directory.ts';
import { changesFor, MAX_PERSON_ROWS, recordsOf, requireRowCount } from '../../person/person-rows.ts';
import type { PersonIndexRow, PersonRecord, PersonRows } from '../../person/person-rows.ts';
import { rows, run, SqliteFile } from './sqlite-file.ts';
import { fileHoldsAny } from '../traces.ts';

/** WITHOUT ROWID: a row is in one place of the file instead of two. A person is filed under a hash for each live index key. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS persons (
    person_id TEXT PRIMARY KEY,
    wrapping_key_id TEXT NOT NULL,
    wrapped_key BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS person_index (
    address_hash BLOB PRIMARY KEY,
    index_key_id TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES persons (person_id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS person_index_by_person ON person_index (person_id);
  CREATE TABLE IF NOT EXISTS index_key_checks (
    index_key_id TEXT PRIMARY KEY,
    check_value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS writable_check (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    checked_at INTEGER NOT NULL
  ) STRICT;
`;

/** Wrapped anew in one transaction; between two of them others get their turn. */
const REWRAP_BATCH = 200;

/** Of a row of `persons`, `?1` the id of a key: whose key is wrapped under it, or whom only an index entry made with it finds. */
const DEPENDS_ON_KEY = `wrapping_key_id = ?1 OR (
  EXISTS (SELECT 1 FROM person_index AS own WHERE own.person_id = persons.person_id AND own.index_key_id = ?1)
  AND NOT EXISTS (SELECT 1 FROM person_index AS other WHERE other.person_id = persons.person_id AND other.index_key_id <> ?1)
)`;

/** The person directory in one SQLite file, for any number of processes on one machine. */
export class SqlitePersonDirectory extends PersonDirectory implements PersonRows {
  private readonly file: SqliteFile;
  private readonly custody: PersonCustody;
  private checking: Promise<void> | null = null;
  private nextCheck: Promise<void> | null = null;

  private constructor(file: SqliteFile, custody: PersonCustody) {
    super();
    this.file = file;
    this.custody = custody;
  }

  /**
   * Makes the file (0600) where there is none. The keyring stays the caller's to close.
   * @param options.busyTimeoutMs  how long another process may hold the file before a call fails. Default 2000
   * @throws PersonDirectoryUnavailable  also when the file was written with another keyring
   */
  static async open(
    path: string,
    keyring: Keyring,
    options: { readonly busyTimeoutMs?: number } = {},
  ): Promise<SqlitePersonDirectory> {
    const custody = new PersonCustody(keyring);
    const onConnect = (db: DatabaseSync) => custody.refuseForeignKeyring(path, keptChecks(db));
    const file = new SqliteFile(path, { schema: SCHEMA, onConnect, busyTimeoutMs: options.busyTimeoutMs });
    const directory = new SqlitePersonDirectory(file, custody);
    await file.create();
    await file.use(onConnect);
    return directory;
  }

  override async find(address: MailAddress): Promise<Person | null> {
    const hashes = this.custody.addressHashes(address);
    const row = await this.file.use((db) => this.rowOf(db, hashes));
    return row === null ? null : this.custody.unwrap(row);
  }

  override async findOrCreate(address: MailAddress): Promise<Person> {
    const hashes = this.custody.addressHashes(address);
    // Most are known, and reading waits for nobody.
    const known = await this.file.use((db) => (this.isFiledUnder(db, hashes[0]) ? this.rowOf(db, hashes) : null));
    if (known !== null) return this.custody.unwrap(known);
    return this.file.write((db) => {
      const row = this.rowOf(db, hashes);
      const person = row === null ? this.insert(db) : this.custody.unwrap(row);
      for (const { indexKeyId, hash } of hashes) {
        const sql = 'INSERT OR REPLACE INTO person_index (address_hash, index_key_id, person_id) VALUES (?, ?, ?)';
        run(db, sql, hash, indexKeyId, person.personId);
      }
      for (const { indexKeyId, hash } of this.custody.indexKeyChecks()) {
        run(db, 'INSERT OR IGNORE INTO index_key_checks (index_key_id, check_value) VALUES (?, ?)', indexKeyId, hash);
      }
      return person;
    });
  }

  override async findById(personId: PersonId): Promise<Person | null> {
    const row = await this.file.use((db) => this.rowById(db, personId));
    return row === null ? null : this.custody.unwrap(row);
  }

  override async erase(personId: PersonId): Promise<boolean> {
    const traces = await this.file.write((db) => {
      const row = rows<PersonRow>(db, 'SELECT * FROM persons WHERE person_id = ?', personId)[0];
      if (row === undefined) return null;
      const entries = rows<{ address_hash: Uint8Array }>(
        db,
        'SELECT address_hash FROM person_index WHERE person_id = ?',
        personId,
      );
      run(db, 'DELETE FROM person_index WHERE person_id = ?', personId);
      run(db, 'DELETE FROM persons WHERE person_id = ?', personId);
      return [Buffer.from(personId), row.wrapped_key, ...entries.map((entry) => entry.address_hash)];
    });
    await this.file.truncateLog(); // also when there was nobody: an earlier call may have been interrupted here
    // secure_delete zeroes what is deleted, but SQLite may leave an older copy of a cell where it balanced its pages (seen once
    // in 11 200 erasures from tables with a rowid; not yet from these). So the file itself is asked, and rewritten if it knows.
    const own = traces ?? [Buffer.from(personId)];
    if (await fileHoldsAny(this.file.path, own)) {
      await this.file.compact();
      if (await fileHoldsAny(this.file.path, own)) {
        throw new PersonDirectoryUnavailable(`a trace of an erased person stays in ${this.file.path}: erase again`);
      }
    }
    return traces !== null;
  }

  override async rewrap(): Promise<number> {
    const [, ...older] = this.custody.wrappingKeyIds();
    let count = 0;
    for (const keyId of older) {
      for (;;) {
        const wrapped = await this.file.write((db) => {
          const sql = 'SELECT * FROM persons WHERE wrapping_key_id = ? LIMIT ?';
          const batch = rows<PersonRow>(db, sql, keyId, REWRAP_BATCH);
          for (const row of batch) {
            const { wrappingKeyId, wrappedKey } = this.custody.wrap(this.custody.unwrap(row));
            const update = 'UPDATE persons SET wrapping_key_id = ?, wrapped_key = ? WHERE person_id = ?';
            run(db, update, wrappingKeyId, wrappedKey, row.person_id);
          }
          return batch.length;
        });
        if (wrapped === 0) break;
        count += wrapped;
        await nextTurn();
      }
    }
    await this.dropWhatIsLost();
    if (count > 0) await this.file.compact(); // what the older key wrapped is not to be found beside what the newer one wraps
    return count;
  }

  override async countDependingOn(keyId: KeyId): Promise<number> {
    const sql = `SELECT count(*) AS count FROM persons WHERE ${DEPENDS_ON_KEY}`;
    return this.file.use((db) => rows<{ count: number }>(db, sql, keyId)[0]?.count ?? 0);
  }

  override async dependsOn(personId: PersonId, keyId: KeyId): Promise<boolean> {
    const sql = `SELECT 1 FROM persons WHERE person_id = ?2 AND (${DEPENDS_ON_KEY})`;
    return this.file.use((db) => rows(db, sql, keyId, personId).length > 0);
  }

  async *readRows(): AsyncIterable<PersonRecord> {
    for (let after = ''; ;) {
      const [persons, index] = await this.file.use((db) => {
        const page = 'SELECT * FROM persons WHERE person_id > ? ORDER BY person_id LIMIT ?';
        const found = rows<PersonRow>(db, page, after, MAX_PERSON_ROWS);
        const of = 'SELECT * FROM person_index WHERE person_id BETWEEN ? AND ? ORDER BY address_hash';
        const ends = [found[0]?.person_id ?? '', found.at(-1)?.person_id ?? ''] as const;
        return [found, rows<PersonIndexRow & { person_id: PersonId }>(db, of, ...ends)] as const;
      });
      yield* recordsOf(persons, index, this.custody);
      if (persons.length < MAX_PERSON_ROWS) return;
      after = persons.at(-1)?.person_id ?? '';
      await nextTurn();
    }
  }

  async writeRows(records: readonly PersonRecord[]): Promise<void> {
    requireRowCount(records);
    await this.file.write((db) => {
      const persons = records.flatMap(({ person_id }) =>
        rows<PersonRow>(db, 'SELECT * FROM persons WHERE person_id = ?', person_id),
      );
      const index = records.flatMap((record) =>
        record.index.flatMap(({ address_hash }) =>
          rows<PersonIndexRow & { person_id: PersonId }>(
            db,
            'SELECT * FROM person_index WHERE address_hash = ?',
            address_hash,
          ),
        ),
      );
      const { made, rewrapped, filed } = changesFor(records, { persons, index }, this.custody);
      for (const { person_id, wrapping_key_id, wrapped_key } of made) {
        const sql = 'INSERT INTO persons (person_id, wrapping_key_id, wrapped_key) VALUES (?, ?, ?)';
        run(db, sql, person_id, wrapping_key_id, wrapped_key);
      }
      for (const { person_id, wrapping_key_id, wrapped_key } of rewrapped) {
        const sql = 'UPDATE persons SET wrapping_key_id = ?, wrapped_key = ? WHERE person_id = ?';
        run(db, sql, wrapping_key_id, wrapped_key, person_id);
      }
      for (const { address_hash, index_key_id, person_id } of filed) {
        const sql = 'INSERT INTO person_index (address_hash, index_key_id, person_id) VALUES (?, ?, ?)';
        run(db, sql, address_hash, index_key_id, person_id);
      }
      for (const { indexKeyId, hash } of this.custody.indexKeyChecks()) {
        run(db, 'INSERT OR IGNORE INTO index_key_checks (index_key_id, check_value) VALUES (?, ?)', indexKeyId, hash);
      }
    });
  }

  override async checkWritable(): Promise<void> {
    await this.checkDisk();
    this.custody.addressHashes('' as MailAddress);
    this.custody.wrappingKeyIds();
  }

  /** Who comes while a page is on its way to the disk shares the next one: what is under way was begun before they asked. */
  private checkDisk(): Promise<void> {
    if (this.checking === null) return (this.checking = this.writePage().finally(() => (this.checking = null)));
    this.nextCheck ??= this.checking
      .catch(() => undefined)
      .then(() => {
        this.nextCheck = null;
        return this.checkDisk();
      });
    return this.nextCheck;
  }

  /** A page is really written and synced: a full disk shows in nothing less. */
  private async writePage(): Promise<void> {
    const sql = 'INSERT OR REPLACE INTO writable_check (only_row, checked_at) VALUES (1, ?)';
    await this.file.writeAside((db) => run(db, sql, Date.now()));
  }

  override async close(): Promise<void> {
    this.file.close();
  }

  private rowOf(db: DatabaseSync, hashes: readonly AddressHash[]): PersonRow | null {
    const sql = 'SELECT persons.* FROM person_index JOIN persons USING (person_id) WHERE address_hash = ?';
    for (const { hash } of hashes) {
      const row = rows<PersonRow>(db, sql, hash)[0];
      if (row !== undefined && !this.custody.isLost(row)) return row;
    }
    return null;
  }

  private rowById(db: DatabaseSync, personId: PersonId): PersonRow | null {
    const row = rows<PersonRow>(db, 'SELECT * FROM persons WHERE person_id = ?', personId)[0];
    return row === undefined || this.custody.isLost(row) ? null : row;
  }

  private isFiledUnder(db: DatabaseSync, hash: AddressHash | undefined): boolean {
    return hash !== undefined && rows(db, 'SELECT 1 FROM person_index WHERE address_hash = ?', hash.hash).length > 0;
  }

  private insert(db: DatabaseSync): Person {
    const person = this.custody.newPerson();
    const { wrappingKeyId, wrappedKey } = this.custody.wrap(person);
    const sql = 'INSERT INTO persons (person_id, wrapping_key_id, wrapped_key) VALUES (?, ?, ?)';
    run(db, sql, person.personId, wrappingKeyId, wrappedKey);
    return person;
  }

  /** What was filed or wrapped under a key that has been destroyed since. */
  private async dropWhatIsLost(): Promise<void> {
    for (const [table, column] of [
      ['person_index', 'index_key_id'],
      ['persons', 'wrapping_key_id'],
    ] as const) {
      const used = await this.file.use((db) =>
        rows<{ id: KeyId }>(db, `SELECT DISTINCT ${column} AS id FROM ${table}`),
      );
      for (const { id } of used.filter((key) => this.custody.isDestroyed(key.id))) {
        await this.file.write((db) => run(db, `DELETE FROM ${table} WHERE ${column} = ?`, id));
      }
    }
  }
}

function keptChecks(db: DatabaseSync): ReadonlyMap<KeyId, Uint8Array> {
  const sql = 'SELECT index_key_id, check_value FROM index_key_checks';
  const kept = rows<{ index_key_id: KeyId; check_value: Uint8Array }>(db, sql);
  return new Map(kept.map((row) => [row.index_key_id, row.check_value]));
}
