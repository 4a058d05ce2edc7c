import { setTimeout as sleep } from 'node:timers/promises';
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { ReadModelLog } from './read-model-log.ts';

/** What binds without surprise: node:sqlite takes a Date for a bag of named parameters and stores NULL. Times are Instants. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** Positional parameters, one for each `?`; anything else is a TypeError. Statements are prepared once and kept. */
export interface ReadModelDatabase {
  run(sql: string, ...parameters: SqlValue[]): void;
  all<Row>(sql: string, ...parameters: SqlValue[]): Row[];
  get<Row>(sql: string, ...parameters: SqlValue[]): Row | undefined;
}

/** How long a write may wait inside SQLite for another process: it is the main thread that waits. Who writes tries again. */
const BUSY_TIMEOUT_MS = 20;
/** At start nothing else is served yet. */
const OPENING_TIMEOUT_MS = 5000;

/**
 * The tables that projections keep, in a SQLite file of their own. Nothing in it is lost for good when it is lost: it is
 * rebuilt from the events, so it need not reach the disk at each commit (synchronous=NORMAL: whole, though perhaps older,
 * after a power failure).
 */
export class ReadModels {
  readonly db: ReadModelDatabase;
  private readonly connection: DatabaseSync;
  private readonly log: ReadModelLog;
  private readonly statements = new Map<string, Statement>();

  private constructor(path: string, connection: DatabaseSync) {
    this.connection = connection;
    this.log = new ReadModelLog(path);
    this.db = {
      // get() steps a statement just as run() does, and spares a fifth of the time: it makes no object of what changed.
      run: (sql, ...parameters) =>
        void this.statement(sql)
          .bound(parameters)
          .get(...parameters),
      all: <Row>(sql: string, ...parameters: SqlValue[]) =>
        this.statement(sql)
          .bound(parameters)
          .all(...parameters) as Row[],
      get: <Row>(sql: string, ...parameters: SqlValue[]) =>
        this.statement(sql)
          .bound(parameters)
          .get(...parameters) as Row | undefined,
    };
  }

  /** The directory must be there; the file is made, for its owner alone, unless there is one. @throws what SQLite or the file system throws */
  static open(path: string): ReadModels {
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
    const connection = new DatabaseSync(path, { timeout: OPENING_TIMEOUT_MS });
    try {
      // secure_delete: what retention takes out is overwritten, not only let go of.
      connection.exec(
        `PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0`,
      );
      return new ReadModels(path, connection);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** For questions alone: what others write is seen, and nothing can be written. The file must be there. @throws what SQLite throws */
  static openToRead(path: string): ReadModels {
    const connection = new DatabaseSync(path, { readOnly: true, timeout: OPENING_TIMEOUT_MS });
    connection.exec('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY');
    return new ReadModels(path, connection);
  }

  /** All of it or nothing. `work` must not wait for anything: nobody else has the turn meanwhile. @throws what `work` or SQLite throws */
  transaction<Result>(work: () => Result): Result {
    this.connection.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.connection.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.connection.isTransaction) this.connection.exec('ROLLBACK');
      throw error;
    }
  }

  /** Does work that another process, which writes into the same file, may keep waiting; nobody else waits with it. @throws what `work` throws, after 5 s */
  async whenFree<Result>(work: () => Result): Promise<Result> {
    for (const giveUpAt = performance.now() + 5000; ; await sleep(10)) {
      try {
        return work();
      } catch (error) {
        if (((error as { errcode?: number }).errcode ?? 0) % 256 !== 5 || performance.now() > giveUpAt) throw error; // 5: SQLITE_BUSY
      }
    }
  }

  /** Several statements at once, without parameters: what makes and drops tables. Forgets prepared statements. */
  execute(sql: string): void {
    this.statements.clear();
    this.connection.exec(sql);
  }

  /** From here on, writes wait briefly and queries go on being served. */
  endOpening(): void {
    this.connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  }

  /** Resolves when the next transaction may come; between two of them this keeps the write-ahead log short. */
  async keepLogShort(): Promise<void> {
    const state = this.db.get<{ log: number; checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)');
    if (state !== undefined) await this.log.keepShort(state.log, state.checkpointed);
  }

  /** May be called twice. */
  close(): void {
    this.statements.clear();
    if (this.connection.isOpen) this.connection.close();
    this.log.close();
  }

  private statement(sql: string): Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = new Statement(this.connection.prepare(sql));
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/** A prepared statement that knows how many values it wants: SQLite would take a missing one for NULL. */
class Statement {
  private readonly prepared: StatementSync;
  private readonly parameterCount: number | null;

  constructor(prepared: StatementSync) {
    this.prepared = prepared;
    const bare = prepared.sourceSQL.replace(/'[^']*'|"[^"]*"|--.*$/gm, '');
    this.parameterCount = /\?\d|[:@$][A-Za-z_]/.test(bare) ? null : bare.split('?').length - 1;
  }

  /** @throws TypeError */
  bound(parameters: readonly SqlValue[]): StatementSync {
    if (this.parameterCount !== null && parameters.length !== this.parameterCount) {
      throw new TypeError(
        `${parameters.length} values for ${this.parameterCount} parameters: ${this.prepared.sourceSQL}`,
      );
    }
    for (const value of parameters) {
      if (typeof value === 'string' || typeof value === 'bigint' || value === null) continue;
      if (typeof value === 'number' && !Number.isNaN(value)) continue;
      if (ArrayBuffer.isView(value)) continue;
      throw new TypeError(`cannot bind a ${typeof value}: ${this.prepared.sourceSQL}`);
    }
    return this.prepared;
  }
}
