import { closeSync, fdatasync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';

/** SQLite result codes (sqlite.org/rescode.html), the low byte of an extended one. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
/** How long others may hold the file before a caller is told to come back. */
const DEFAULT_BUSY_TIMEOUT_MS = 2000;

const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  PRAGMA foreign_keys = ON;
`;

export interface SqliteFileOptions {
  readonly schema: string;
  /** Called on each new connection, before anything else uses it. */
  readonly onConnect: (db: DatabaseSync) => void;
  readonly busyTimeoutMs?: number | undefined;
}

/**
 * One SQLite file that may be locked, moved away and put back while we run. Work on it is synchronous and short; waiting for
 * others is not, so that a lock elsewhere never stops the event loop. After a failure the next call connects anew.
 */
export class SqliteFile {
  readonly path: string;
  private readonly options: SqliteFileOptions;
  private db: DatabaseSync | null = null;
  private inode = '';
  private isClosed = false;

  constructor(path: string, options: SqliteFileOptions) {
    this.path = path;
    this.options = options;
  }

  /** Makes the file where there is none: only here, since a file that goes away later must never be replaced by an empty one. */
  async create(): Promise<void> {
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
      closeSync(openSync(this.path, 'a', 0o600));
    } catch (cause) {
      throw unavailable(this.path, cause);
    }
    await this.write((db) => db.exec(this.options.schema)); // whole or not at all: another process may open it meanwhile
  }

  /** @throws PersonDirectoryUnavailable, and what `work` throws on its own account */
  async use<Result>(work: (db: DatabaseSync) => Result): Promise<Result> {
    const deadline = performance.now() + (this.options.busyTimeoutMs ?? DEFAULT_BUSY_TIMEOUT_MS);
    for (;;) {
      try {
        return work(this.connection());
      } catch (error) {
        const code = resultCodeOf(error);
        if (code === null) throw error;
        const isLocked = code === SQLITE_BUSY || code === SQLITE_LOCKED;
        if (!isLocked) this.disconnect();
        if (!isLocked || performance.now() > deadline) throw unavailable(this.path, error);
        await sleep(2 + Math.random() * 20);
      }
    }
  }

  /** All of `work` or nothing of it, after every other writer of the file and before the next. Durable once it resolves. */
  async write<Result>(work: (db: DatabaseSync) => Result): Promise<Result> {
    return this.use((db) => inTransaction(db, work));
  }

  /**
   * As `write`, for what stands for nothing: it is written here and synced by another thread, so that no disk stops the event loop. Others may
   * see it before it is durable.
   */
  async writeAside(work: (db: DatabaseSync) => unknown): Promise<void> {
    await this.use((db) => {
      // No sync at a commit. Never a prepared statement: SQLite carries this out while it prepares it (sqlite.org/pragma.html).
      db.exec('PRAGMA synchronous = NORMAL');
      try {
        inTransaction(db, work);
      } finally {
        db.exec('PRAGMA synchronous = FULL');
      }
    });
    try {
      const log = openSync(`${this.path}-wal`, 'r+');
      await datasync(log).finally(() => closeSync(log)); // SQLite holds no lock on it that this could end
    } catch (cause) {
      this.disconnect();
      throw unavailable(this.path, cause);
    }
  }

  /** Writes everything into the file itself and cuts the write-ahead log to nothing. Waits for readers, within the time. */
  async truncateLog(): Promise<void> {
    await this.use((db) => {
      const { busy } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
      if (busy !== 0) throw Object.assign(new Error('others are reading'), { errcode: SQLITE_BUSY });
    });
  }

  /** Rewrites the file without anything that is no longer in it. */
  async compact(): Promise<void> {
    await this.use((db) => db.exec('VACUUM'));
    await this.truncateLog();
  }

  close(): void {
    this.isClosed = true;
    this.disconnect();
  }

  private connection(): DatabaseSync {
    if (this.isClosed) throw new PersonDirectoryUnavailable(`the person directory ${this.path} is closed`);
    const inode = inodeOf(this.path);
    if (inode === null) {
      this.disconnect();
      throw new PersonDirectoryUnavailable(`the person directory ${this.path} is not there any more: put it back`);
    }
    if (this.db !== null && inode === this.inode) return this.db;
    this.disconnect();
    const db = new DatabaseSync(this.path, { timeout: 0 });
    try {
      db.exec(PRAGMAS);
      if (hasSchema(db)) this.options.onConnect(db);
    } catch (error) {
      db.close();
      throw error;
    }
    this.db = db;
    this.inode = inode;
    return db;
  }

  private disconnect(): void {
    this.db?.close();
    this.db = null;
  }
}

const datasync = promisify(fdatasync);

function inTransaction<Result>(db: DatabaseSync, work: (db: DatabaseSync) => Result): Result {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work(db);
    db.exec('COMMIT');
    return result;
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
  }
}

/** For a person directory `all` and `get` answer plain rows; the caller knows their columns. */
export function rows<Row>(db: DatabaseSync, sql: string, ...parameters: SQLInputValue[]): Row[] {
  return prepared(db, sql).all(...parameters) as Row[];
}

export function run(db: DatabaseSync, sql: string, ...parameters: SQLInputValue[]): number {
  return Number(prepared(db, sql).run(...parameters).changes);
}

const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>();
/** There are some twenty, and one more for each length of a list. */
const MAX_STATEMENTS = 200;

/** Prepared once for a connection: preparing takes longer than most of these take to run. */
function prepared(db: DatabaseSync, sql: string): StatementSync {
  const known = statements.get(db) ?? new Map<string, StatementSync>();
  statements.set(db, known);
  let statement = known.get(sql);
  if (statement === undefined) {
    if (known.size >= MAX_STATEMENTS) known.clear();
    statement = db.prepare(sql);
    known.set(sql, statement);
  }
  return statement;
}

function hasSchema(db: DatabaseSync): boolean {
  return rows(db, "SELECT 1 FROM sqlite_schema WHERE type = 'table'").length > 0;
}

function inodeOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null; // moved away, or its directory is no longer readable: not there for us
  }
}

function resultCodeOf(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : null;
}

function unavailable(path: string, cause: unknown): PersonDirectoryUnavailable {
  const reason = (cause as { message?: unknown } | null)?.message;
  return new PersonDirectoryUnavailable(`the person directory ${path} cannot be used: ${String(reason)}`, { cause });
}
