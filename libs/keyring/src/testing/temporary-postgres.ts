import { execFile, spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '#libs/vocabulary/testing';

/** Oldest supported first, as Debian and its PostgreSQL archive install them. */
const PLACES = ['15', '16', '17', '18'].map((version) => `/usr/lib/postgresql/${version}/bin`);
const OWNER = 'segl';
/** A start replays what a kill left; a busy machine takes its time over that. */
const READY_WITHIN_MS = 60_000;

export interface TemporaryPostgresOptions {
  /** Further lines of `postgresql.conf`, for instance `{ max_connections: '12' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** With it the server asks for it (SCRAM-SHA-256); without, it lets everybody in who reaches loopback. */
  readonly password?: string;
  /** PEM texts, written beside the data; with them the server offers TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** A PostgreSQL server of its own on a free port of 127.0.0.1, with fsync on, that dies with this process. */
export interface TemporaryPostgres {
  /** `postgres://segl@127.0.0.1:<port>/segl`: a superuser and an empty database. The port stays over restarts. */
  readonly url: string;
  readonly port: number;
  readonly dataDirectory: string;
  /** The directory of its Unix socket. */
  readonly socketDirectory: string;
  /** Another empty database. @returns its URL */
  newDatabase(): Promise<string>;
  /** Runs statements as superuser. @returns the rows of the last one */
  query<Row>(sql: string, url?: string): Promise<Row[]>;
  /** As an operator stops it: connections are ended, data is written. */
  stop(): Promise<void>;
  /** After `stop` or `kill`; resolves once it takes connections. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Stops its clock (SIGSTOP, every process of it): connections stay and nothing answers. Linux only. */
  freeze(): void;
  thaw(): void;
  /** As a power cut, but for the disk's own cache: SIGKILL to every process of it, at once. */
  kill(): Promise<void>;
  /** Ends it and removes its data. May be called in any state, twice too. */
  remove(): Promise<void>;
}

/** Null where no PostgreSQL of 15 or newer is installed: such tests say SKIPPED. SEGL_TEST_POSTGRES_BIN names another place. */
export function postgresBinaries(): string | null {
  const places = [process.env['SEGL_TEST_POSTGRES_BIN'] ?? '', ...PLACES];
  return places.find((place) => place !== '' && existsSync(join(place, 'initdb'))) ?? null;
}

/** About 2 s. @throws Error  where PostgreSQL is not installed, or does not start */
export async function startTemporaryPostgres(options: TemporaryPostgresOptions = {}): Promise<TemporaryPostgres> {
  const binaries = postgresBinaries();
  if (binaries === null) throw new Error('PostgreSQL is not installed: see postgresBinaries()');
  const server = new PostgresProcess(binaries, await mkdtemp(join(tmpdir(), 'segl-postgres-')), options);
  try {
    await server.make();
    await server.start();
    return server;
  } catch (error) {
    await server.remove();
    throw error;
  }
}

class PostgresProcess implements TemporaryPostgres {
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  port = 0;
  private readonly binaries: string;
  private readonly parent: string;
  private readonly options: TemporaryPostgresOptions;
  private readonly user = unprivilegedUser();
  private child: ChildProcess | null = null;
  private databases = 0;
  private log = '';
  private readonly onExit = () => void this.signalAll('SIGKILL');

  constructor(binaries: string, parent: string, options: TemporaryPostgresOptions) {
    this.binaries = binaries;
    this.parent = parent;
    this.options = options;
    this.dataDirectory = join(parent, 'data');
    this.socketDirectory = join(parent, 'socket');
    process.once('exit', this.onExit);
  }

  get url(): string {
    return this.urlOf('segl');
  }

  async make(): Promise<void> {
    await chmod(this.parent, 0o755);
    await mkdir(this.socketDirectory);
    await this.give(this.parent, this.socketDirectory);
    const { password, tls } = this.options;
    const passwordFile = join(this.parent, 'password');
    if (password !== undefined) await this.write(passwordFile, password);
    const authentication = password === undefined ? ['-A', 'trust'] : ['-A', 'scram-sha-256', '--pwfile', passwordFile];
    const initdb = [...authentication, '-D', this.dataDirectory, '-U', OWNER, '-E', 'UTF8', '--locale=C', '--no-sync'];
    await promisify(execFile)(join(this.binaries, 'initdb'), initdb, { ...this.user, cwd: this.parent });
    const settings: Record<string, string> = {
      listen_addresses: "'127.0.0.1'",
      unix_socket_directories: `'${this.socketDirectory}'`,
      shared_buffers: '16MB',
      max_wal_size: '64MB',
      ...this.options.settings,
    };
    if (tls !== undefined) {
      await this.write(join(this.dataDirectory, 'server.crt'), tls.certificate);
      await this.write(join(this.dataDirectory, 'server.key'), tls.key);
      settings['ssl'] = 'on';
    }
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    await this.write(join(this.dataDirectory, 'postgresql.auto.conf'), lines.join(''));
    this.port = await freePort();
  }

  async start(): Promise<void> {
    if (this.child !== null) return;
    const child = this.spawnServer();
    this.child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.log = (this.log + text).slice(-4000)));
    child.once('exit', () => {
      if (this.child === child) this.child = null;
    });
    for (const deadline = Date.now() + READY_WITHIN_MS; ; await sleep(20)) {
      const isReady = await this.query('SELECT 1', this.urlOf('postgres')).then(
        () => true,
        () => false,
      );
      if (isReady) break;
      if (this.child !== child) throw new Error(`PostgreSQL ended while it started:\n${this.log}`);
      if (Date.now() > deadline) throw new Error(`PostgreSQL does not take connections:\n${this.log}`);
    }
    if (this.databases++ === 0) await this.query('CREATE DATABASE segl', this.urlOf('postgres'));
  }

  async newDatabase(): Promise<string> {
    const name = `segl_${this.databases++}`;
    await this.query(`CREATE DATABASE ${name}`, this.urlOf('postgres'));
    return this.urlOf(name);
  }

  async query<Row>(sql: string, url = this.url): Promise<Row[]> {
    const { pathname } = new URL(url);
    const client = new pg.Client({
      host: this.socketDirectory,
      port: this.port,
      user: OWNER,
      database: pathname.slice(1),
      password: this.options.password ?? 'none is asked for',
      ssl: false,
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const results = await client.query(sql);
      return (Array.isArray(results) ? results.at(-1) : results).rows as Row[];
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    await this.end(() => this.child?.kill('SIGINT')); // "fast": sessions are ended, a checkpoint is written
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  freeze(): void {
    this.signalAll('SIGSTOP');
  }

  thaw(): void {
    this.signalAll('SIGCONT');
  }

  async kill(): Promise<void> {
    await this.end(() => this.signalAll('SIGKILL'));
  }

  async remove(): Promise<void> {
    process.off('exit', this.onExit);
    await this.kill();
    await rm(this.parent, { recursive: true, force: true, maxRetries: 5 });
  }

  private spawnServer(): ChildProcess {
    const postgres = [join(this.binaries, 'postgres'), '-D', this.dataDirectory, '-p', String(this.port)];
    const options: SpawnOptions = { ...this.user, cwd: this.parent, stdio: ['ignore', 'ignore', 'pipe'] };
    // Where it can be had: the kernel itself ends the server when this process is killed.
    const setpriv = '/usr/bin/setpriv';
    const command = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'QUIT', ...postgres] : postgres;
    return spawn(command[0] as string, command.slice(1), options);
  }

  private async end(how: () => void): Promise<void> {
    const { child } = this;
    if (child === null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    how();
    await exited;
  }

  /** The postmaster first: nothing new comes after. Its children are in sessions of their own, so no group reaches them. */
  private signalAll(signal: NodeJS.Signals): void {
    const pid = this.child?.pid;
    if (pid === undefined) return;
    for (const each of [pid, ...childrenOf(pid)]) {
      try {
        process.kill(each, signal);
      } catch {
        // it has ended meanwhile
      }
    }
  }

  private urlOf(database: string): string {
    return `postgres://${OWNER}@127.0.0.1:${this.port}/${database}`;
  }

  private async write(path: string, text: string): Promise<void> {
    await writeFile(path, text, { mode: 0o600 });
    await this.give(path);
  }

  private async give(...paths: string[]): Promise<void> {
    const { uid, gid } = this.user;
    if (uid !== undefined && gid !== undefined) for (const path of paths) await chown(path, uid, gid);
  }
}

/** PostgreSQL never runs as root: there it is its own user, or nobody. */
function unprivilegedUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      // "pid (command) state ppid …": the command may hold anything, so from its last parenthesis on
      const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
      return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === parent;
    } catch {
      return false; // ended meanwhile
    }
  });
}

/** Every file of the server's data, WAL included, for whoever looks for what an erasure left. */
export async function filesOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
