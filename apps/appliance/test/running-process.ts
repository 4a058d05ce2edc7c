import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '#libs/vocabulary/testing';

const root = resolve(import.meta.dirname, '..', '..', '..');
export const dist = join(root, 'dist');
const segl = join(dist, 'apps', 'operator', 'main.js');

/** The appliance as it is started in production, in a process of its own. */
export interface RunningProcess {
  readonly url: URL;
  /** `/readyz`, `/metrics`, `/healthz`. */
  readonly managementUrl: URL;
  readonly dataDir: string;
  /** Everything it wrote to standard output and standard error so far. */
  output(): string;
  /** SIGTERM, and waits. @returns the exit code */
  stop(): Promise<number | null>;
  /** SIGKILL: no chance to tidy up. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Removes the data directory. */
  cleanUp(): Promise<void>;
}

export interface StartOptions {
  /** Started again on the data of an earlier process. */
  readonly dataDir?: string;
  readonly arguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly managementPort?: number;
  /** The directory of another build than `dist`. */
  readonly build?: string;
  /** Another Node than that of the tests. */
  readonly node?: string;
}

/** `npm test` builds before it tests; a single story run by hand builds when nothing is there. */
export function ensureBuilt(): void {
  if (existsSync(join(dist, 'apps', 'appliance', 'main.js'))) return;
  const { status } = spawnSync(process.execPath, [join('ops', 'build.mjs')], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed');
}

/** Starts a demonstration (or what the arguments say) and resolves once /readyz says so. */
export async function startProcess(options: StartOptions = {}): Promise<RunningProcess> {
  ensureBuilt();
  const port = options.port ?? (await freePort());
  const managementPort = options.managementPort ?? (await freePort());
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'segl-data-')));
  const child = spawn(
    options.node ?? process.execPath,
    [join(options.build ?? dist, 'apps', 'appliance', 'main.js'), ...(options.arguments ?? ['--demonstration'])],
    {
      cwd: root,
      env: {
        PATH: process.env['PATH'] ?? '',
        SEGL_HTTP_PORT: String(port),
        SEGL_MANAGEMENT_PORT: String(managementPort),
        SEGL_DATA_DIR: dataDir,
        ...options.environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (output += piece.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = new URL(`http://localhost:${port}`);
  const managementUrl = new URL(`http://localhost:${managementPort}`);
  await ready(child, managementUrl, () => output);
  return {
    url,
    managementUrl,
    dataDir,
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    signal: (name) => void child.kill(name),
    cleanUp: () => rm(dataDir, { recursive: true, force: true }),
  };
}

/** A start takes half a second; on a machine that does much else, as those that run tests do, a good while more. */
const READY_SECONDS = 120;

async function ready(child: ChildProcess, url: URL, output: () => string): Promise<void> {
  const deadline = Date.now() + READY_SECONDS * 1000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the appliance ended with ${child.exitCode}:\n${output()}`);
    try {
      const { status } = await fetch(new URL('/readyz', url));
      if (status === 200) return;
    } catch {
      // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  child.kill('SIGKILL');
  throw new Error(`the appliance was not ready within ${READY_SECONDS} s:\n${output()}`);
}

/** Runs the command line beside a running appliance; this process stands still meanwhile. @returns what it printed */
export function runSegl(...command: string[]): string {
  ensureBuilt();
  const { status, stdout, stderr } = spawnSync(process.execPath, [segl, ...command], {
    env: { PATH: process.env['PATH'] ?? '' },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`segl ${command.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

/** As it is configured by its environment, while what this process serves goes on. @throws Error with what it said, unless it ends with 0 */
export async function seglIn(environment: NodeJS.ProcessEnv, ...command: string[]): Promise<string> {
  const { status, stdout, said } = await endOfSegl(environment, ...command);
  if (status !== 0) throw new Error(`segl ${command.join(' ')} ended with ${status}: ${said}`);
  return stdout;
}

/** The same, however it ends. */
export async function endOfSegl(environment: NodeJS.ProcessEnv, ...command: string[]) {
  ensureBuilt();
  const child = spawn(process.execPath, [segl, ...command], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, said, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout, said };
}
