import { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';
import { isConflict, isLostConnection, sqlStateOf, unavailable } from './postgres-faults.ts';
import { passwordOf } from './postgres-target.ts';
import type { PostgresTarget } from './postgres-target.ts';

export interface PostgresLimits {
  /** Connections of this process at once. */
  readonly poolSize: number;
  /** How long a call waits for a connection, new or free. */
  readonly waitMs: number;
  /** How long one statement may take, as the server measures it; waiting for locks included. */
  readonly statementMs: number;
}

/** Rows as plain objects; the caller knows their columns. */
export type Query = <Row>(sql: string, values?: readonly unknown[], limits?: { statementMs: number }) => Promise<Row[]>;

export interface PostgresConnectionsOptions extends PostgresLimits {
  readonly tls: ConnectionOptions | false;
  readonly passwordFile: string | undefined;
  /** Looks at each new connection before anything else uses it. @throws PersonDirectoryUnavailable when it must not be used */
  readonly onConnect: (query: Query) => Promise<void>;
  /** Told when the server is lost, and once it is back; the reason names no host and no person. */
  readonly onAvailability: (reason: string | null) => void;
}

/** The client's own clock runs on when the server's has stopped (frozen, or behind a dead network). */
const ANSWER_GRACE_MS = 1000;
const IDLE_MS = 30_000;
/** Connections are made anew now and then, so that a moved name is followed. */
const MAX_LIFETIME_SECONDS = 1800;
/** A transaction of a process that was frozen lets go of its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000;
const KEEP_ALIVE_AFTER_MS = 10_000;
/** A conflict is over when the other side is through; more than this is something else. */
const MAX_ATTEMPTS = 5;
/** How long a server may take over a goodbye. */
const GOODBYE_MS = 1000;

/** What the server said or did not say, until it is known what that means for the caller. */
class PostgresFailure extends Error {
  readonly raw: unknown;
  readonly isCommit: boolean;

  constructor(raw: unknown, isCommit = false) {
    super('PostgreSQL failed');
    this.raw = raw;
    this.isCommit = isCommit;
  }
}

/** A client whose socket can be taken away from under it: a frozen server never answers a goodbye. */
class DetachableClient extends pg.Client {
  private readonly socket: Socket;

  constructor(config: pg.ClientConfig = {}) {
    const socket = new Socket();
    const { password } = config; // the pool has made it not enumerable: a copy would be without it
    super({ ...config, password, stream: () => socket });
    this.socket = socket;
    this.on('error', () => undefined); // told to the query that is under way; without a listener it would end the process
  }

  detach(): void {
    this.socket.destroy();
  }
}

/**
 * A pool of connections to one server that may restart, freeze and come back while we run. Whatever fails leaves the pool with
 * its connection; the next call makes a new one. No call takes longer than the sum of its limits.
 */
export class PostgresConnections {
  private readonly pool: pg.Pool;
  private readonly options: PostgresConnectionsOptions;
  private readonly clients = new Set<DetachableClient>();
  private readonly examined = new WeakSet<pg.ClientBase>();
  private isLost = false;
  private isClosed = false;

  constructor(target: PostgresTarget, options: PostgresConnectionsOptions) {
    this.options = options;
    const config: pg.PoolConfig = {
      ...target,
      ssl: options.tls,
      // Each of these is said, since the client would else take it from PG… variables or ~/.pgpass.
      password: () => passwordOf(options.passwordFile),
      application_name: 'segl',
      client_encoding: 'UTF8',
      options: '-c search_path=pg_catalog',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      max: options.poolSize,
      connectionTimeoutMillis: options.waitMs,
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
      statement_timeout: options.statementMs,
      lock_timeout: options.statementMs,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    };
    this.pool = new pg.Pool({ ...config, Client: DetachableClient });
    this.pool.on('error', () => undefined); // an idle connection was lost: the pool has dropped it already
  }

  /** One statement, or several that need not belong together. May run twice. @throws PersonDirectoryUnavailable, and what `work` throws */
  async read<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    return this.attempt(true, (query) => work(query));
  }

  /**
   * All of `work` or nothing of it, durable once it resolves. Runs again after a conflict, and after a connection was lost
   * before the commit was sent; `repeatable` also after one that was lost with the commit, whose outcome nobody knows.
   * @throws PersonDirectoryUnavailable, and what `work` throws on its own account
   */
  async write<Result>(
    work: (query: Query) => Promise<Result>,
    { repeatable = false }: { readonly repeatable?: boolean } = {},
  ): Promise<Result> {
    return this.attempt(repeatable, async (query) => {
      await query('BEGIN ISOLATION LEVEL READ COMMITTED');
      let result: Result;
      try {
        result = await work(query);
      } catch (error) {
        if (!(error instanceof PostgresFailure) || isAnswer(error.raw)) await query('ROLLBACK');
        throw error;
      }
      await query('COMMIT');
      return result;
    });
  }

  /** Lets go of every connection, within a second whatever the server does. May be called twice. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    let timer: NodeJS.Timeout | undefined;
    const ended = Promise.all([...this.clients].map((client) => new Promise((resolve) => client.once('end', resolve))));
    const late = new Promise((resolve) => (timer = setTimeout(resolve, GOODBYE_MS)));
    void this.pool.end().catch(() => undefined);
    await Promise.race([ended, late]);
    clearTimeout(timer);
    for (const client of this.clients) client.detach();
  }

  private async attempt<Result>(repeatable: boolean, work: (query: Query) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await this.withClient(work);
        this.say(null);
        return result;
      } catch (error) {
        if (!(error instanceof PostgresFailure)) {
          if (error instanceof PersonDirectoryUnavailable && !this.isClosed) this.say(error.message);
          throw error;
        }
        const mayRunAgain = isConflict(error.raw) || (isLostConnection(error.raw) && (repeatable || !error.isCommit));
        if (mayRunAgain && attempt < MAX_ATTEMPTS && !this.isClosed) continue;
        const fault = unavailable(error.raw);
        this.say(fault.message);
        throw fault;
      }
    }
  }

  private async withClient<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    if (this.isClosed) throw new PersonDirectoryUnavailable('the person directory on PostgreSQL is closed');
    const client = await this.connect();
    let isSound = false;
    try {
      const query = this.queryOf(client);
      if (!this.examined.has(client)) {
        await this.options.onConnect(query);
        this.examined.add(client);
      }
      const result = await work(query);
      isSound = true;
      return result;
    } catch (error) {
      isSound = this.examined.has(client) && (!(error instanceof PostgresFailure) || isAnswer(error.raw));
      throw error;
    } finally {
      if (!isSound) client.detach();
      client.release(!isSound);
    }
  }

  private async connect(): Promise<DetachableClient & pg.PoolClient> {
    try {
      const client = (await this.pool.connect()) as DetachableClient & pg.PoolClient;
      if (!this.clients.has(client)) {
        this.clients.add(client);
        client.once('end', () => this.clients.delete(client));
      }
      return client;
    } catch (error) {
      throw error instanceof PersonDirectoryUnavailable ? error : new PostgresFailure(error);
    }
  }

  private queryOf(client: pg.ClientBase): Query {
    return async <Row>(text: string, values?: readonly unknown[], limits?: { statementMs: number }): Promise<Row[]> => {
      try {
        const query_timeout = (limits ?? this.options).statementMs + ANSWER_GRACE_MS;
        const config: pg.QueryConfig & { query_timeout: number } = { text, query_timeout };
        const { rows } = await client.query(values === undefined ? config : { ...config, values: [...values] });
        return rows as Row[];
      } catch (error) {
        throw new PostgresFailure(error, text === 'COMMIT');
      }
    };
  }

  private say(reason: string | null): void {
    if ((reason !== null) === this.isLost) return;
    this.isLost = reason !== null;
    this.options.onAvailability(reason);
  }
}

/** An answer, even a refusal, leaves the connection in order; silence does not, nor does the server's last word. */
function isAnswer(raw: unknown): boolean {
  return sqlStateOf(raw) !== null && (raw as { severity?: unknown }).severity === 'ERROR';
}
