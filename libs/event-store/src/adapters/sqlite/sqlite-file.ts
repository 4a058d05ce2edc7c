// Loaded in the writer's thread too: no imports by #libs, nothing that type stripping cannot erase.
import { closeSync, openSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** 'Segl' in ASCII: tells this file from any other application's database. */
const APPLICATION_ID = 0x5365676c;
const SCHEMA_VERSION = 1;

export const EVENTS_ARE_NEVER_CHANGED = `CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END`;

const SCHEMA = `
  CREATE TABLE events (
    -- The largest that was ever given, and one more: nothing is removed, so none is given twice. The only writer at a time hands them out,
    -- so they appear in order. (Files made before December 2026 say AUTOINCREMENT, which comes to the same and costs a page in each commit.)
    position INTEGER PRIMARY KEY,
    stream   TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    -- The canonical record (recorded-event.ts), never serialised again.
    bytes    BLOB    NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
  ${EVENTS_ARE_NEVER_CHANGED};
  CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never removed'); END;
  -- One row, written to find out whether the disk takes a write.
  CREATE TABLE write_check (beat INTEGER NOT NULL) STRICT;
  INSERT INTO write_check VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** What went wrong with the file, in words for an operator. It crosses threads as plain data, see sqlite-writer.ts. */
export class SqliteFault extends Error {
  constructor(words: string, cause?: unknown) {
    super(words, { cause });
    this.name = 'SqliteFault';
  }
}

/** Primary result codes (sqlite.org/rescode.html), the low byte of `errcode`. */
const SQLITE_BUSY = 5;
const WORDS: Record<number, string> = {
  3: 'access to the event store file was denied: check owner and permissions of the file and its directory',
  [SQLITE_BUSY]: 'another process keeps the event store file locked: look for a stuck backup or a second writer',
  8: 'the event store file is read-only: check its permissions and whether the disk was mounted read-only',
  10: 'the disk answered with an input/output error: check the disk and the system log; a disk with a fault is often mounted read-only',
  11: 'the event store file is damaged: keep a copy, then restore it from a backup',
  13: 'the disk of the event store is full: free some space',
  14: 'the event store file cannot be opened: check that its directory is there and may be written',
  26: 'the event store file is not a database: check the path, or restore the file from a backup',
};

export function faultOf(error: unknown): SqliteFault {
  if (error instanceof SqliteFault) return error;
  const { errcode, code, message } = error as { errcode?: number; code?: string; message?: string };
  const words = errcode === undefined ? undefined : WORDS[errcode & 0xff];
  // A system call's message holds the path, which is not for everyone who sees why the store is not ready: its code will do.
  const reason = errcode === undefined ? code : message;
  return new SqliteFault(words ?? `the event store file cannot be used: ${reason ?? 'for an unknown reason'}`, error);
}

/** Nothing was read nor written, and trying again may help. */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && (errcode & 0xff) === SQLITE_BUSY;
}

/** Makes the file, for its owner alone, unless there is one. SQLite gives its -wal and -shm the same permissions. */
export function createFileIfMissing(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return;
    throw new SqliteFault(`the event store file cannot be made: ${(error as Error).message}`, error);
  }
}

/** Makes the tables in an empty file, at most once whoever else is starting. @throws SqliteFault, or what SQLite throws */
export function prepareSchema(db: DatabaseSync): void {
  const version = (): number => (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
  if (version() === 0) {
    db.exec('BEGIN IMMEDIATE');
    try {
      if (version() === 0) {
        if (db.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined) throw notOurs();
        db.exec(SCHEMA);
      }
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
  const { application_id } = db.prepare('PRAGMA application_id').get() as { application_id: number };
  if (application_id !== APPLICATION_ID) throw notOurs();
  if (version() > SCHEMA_VERSION) {
    throw new SqliteFault(
      `the event store file has schema version ${version()}, written by a newer release; this one understands ${SCHEMA_VERSION}`,
    );
  }
}

function notOurs(): SqliteFault {
  return new SqliteFault('the event store file is the database of another application: check the path');
}

/** Statements of a transaction that is open: the path is not looked at again within it. */
export type Writing = (sql: string) => StatementSync;

/**
 * A connection that is opened when needed and, after a fault, opened anew: so everything goes on once the disk is back. It
 * never makes a file: where one was lost, an empty one in its place would look like a history that never happened.
 */
export class SqliteFile {
  readonly path: string;
  private readonly mode: 'ro' | 'rw';
  private readonly busyTimeoutMs: number;
  private db: DatabaseSync | null = null;
  private opened: Stats | null = null;
  private last: Stats | null = null;
  private readonly statements = new Map<string, StatementSync>();

  constructor(path: string, mode: 'ro' | 'rw', busyTimeoutMs: number) {
    this.path = path;
    this.mode = mode;
    this.busyTimeoutMs = busyTimeoutMs;
  }

  /** Of the file that was read last: another one when the path leads to another file. Null before the first. */
  get identity(): string | null {
    return this.last === null ? null : `${this.last.dev}/${this.last.ino}`;
  }

  /** The open connection, on the file that the path leads to now. */
  database(): DatabaseSync {
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there === undefined) {
      this.release();
      throw new SqliteFault('the event store file is gone: put it back (or mount its disk) where it was');
    }
    if (this.db !== null && (there.ino !== this.opened?.ino || there.dev !== this.opened.dev)) this.release();
    if (this.db !== null) return this.db;

    const url = pathToFileURL(this.path);
    url.searchParams.set('mode', this.mode);
    const db = new DatabaseSync(url, { readOnly: this.mode === 'ro', timeout: this.busyTimeoutMs });
    try {
      // secure_delete: what retention takes out is overwritten, not only let go of.
      if (this.mode === 'rw')
        db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
      prepareSchema(db);
    } catch (error) {
      db.close();
      throw error;
    }
    this.db = db;
    this.opened = there;
    this.last = there;
    return db;
  }

  /** Rows of statements prepared here are arrays, which are read nearly twice as fast as objects. */
  prepare(sql: string): StatementSync {
    return this.prepareOn(this.database(), sql);
  }

  /** The same within a transaction, for which the path was looked at once. @param db as `database` has just given it */
  prepareOn(db: DatabaseSync, sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      statement.setReturnArrays(true);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  /** Lets go of the file. May be called twice; the next use opens it again. */
  release(): void {
    const db = this.db;
    this.db = null;
    this.opened = null;
    this.statements.clear();
    try {
      db?.close();
    } catch {
      // A connection that cannot even be closed is given up: the one opened next is what counts.
    }
  }
}
