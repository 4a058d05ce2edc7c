import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '#libs/vocabulary/testing';
import { ProgramClient } from './program-client.ts';

/** The appliance as `npm start` starts it, in a process of its own, with a program that may seal; and what its memory did. */
export interface PortalProcess {
  readonly port: number;
  /** `/readyz`, `/metrics`. */
  readonly managementPort: number;
  readonly pid: number;
  /** Where readers reach it; how it is reached here is `port`. */
  readonly publicUrl: URL;
  /** May seal as SENDER. */
  readonly program: ProgramClient;
  /** From asking for the process to the first 200 of /readyz, in milliseconds. */
  readonly readyMs: number;
  /** Processor time that it had taken by then, in milliseconds: what a busy machine does not change. */
  readonly readyCpuMs: number;
  stop(): Promise<void>;
}

const root = resolve(import.meta.dirname, '..', '..');

/** Where each portal leaves a profile of each of its threads, if anywhere. */
const PROFILED = process.env.SEGL_BENCH_PROFILE;

export const SENDER = 'office@nordlys.example';

/** A directory that goes when `work` is done. */
export async function inTemporaryDirectory<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-bench-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The demonstration, since its codes can be read without a mail server; everything else of it is as in production. */
export async function startPortal(
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<PortalProcess> {
  const program = new ProgramClient(directory, [SENDER]);
  return start(
    ['--demonstration'],
    {
      SEGL_DATA_DIR: join(directory, 'data'),
      SEGL_CONFIG: await configured(directory, { signIn: { clients: [program.client] } }),
      ...environment,
    },
    { program },
  );
}

export interface ProductionOptions {
  /** By default one that nobody needs at the start. */
  readonly relayUrl?: string;
  /** Beside the one that seals. */
  readonly programs?: readonly ProgramClient[];
  /** Laid beside the programs under `signIn`. */
  readonly signIn?: Readonly<Record<string, unknown>>;
  /** Laid beside `signIn`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** One core has to do for all of it. */
  readonly isPinned?: boolean;
}

/** Keys made, nothing else there yet. */
export async function startProduction(directory: string, options: ProductionOptions = {}): Promise<PortalProcess> {
  const keyring = join(directory, 'keyring');
  const { status, stderr } = spawnSync(process.execPath, [
    ...[join(root, 'dist', 'apps', 'operator', 'main.js'), 'keys', 'init', '--keyring', keyring],
  ]);
  if (status !== 0) throw new Error(`segl keys init: ${stderr.toString()}`);
  const program = new ProgramClient(directory, [SENDER]);
  return start(
    [],
    {
      SEGL_DATA_DIR: join(directory, 'data'),
      SEGL_CONFIG: await configured(directory, {
        ...options.settings,
        signIn: { ...options.signIn, clients: [program, ...(options.programs ?? [])].map(({ client }) => client) },
      }),
      SEGL_KEYRING: keyring,
      SEGL_HTTP_HOST: '127.0.0.1',
      SEGL_PUBLIC_URL: 'https://mail.example.org',
      SEGL_RELAY_URL: options.relayUrl ?? 'smtp://127.0.0.1:9',
      SEGL_ORGANISATION_NAME: 'Bench',
      SEGL_ORGANISATION_POSTAL_ADDRESS: 'Bench 1',
      SEGL_ORGANISATION_CONTACT_MAIL: 'office@example.org',
      SEGL_ORGANISATION_TIME_ZONE: 'Europe/Copenhagen',
      SEGL_PASSCODE_SENDER: 'no-reply@example.org',
    },
    { ...options, program },
  );
}

async function configured(directory: string, settings: object): Promise<string> {
  const path = join(directory, 'segl.yaml');
  await writeFile(path, JSON.stringify(settings)); // which is YAML too
  return path;
}

/** `taskset` and its arguments where there is one: what follows has the last core, and no other. */
export function onOneCore(command: readonly string[]): readonly [string, ...string[]] {
  const pinned = ['taskset', '-c', String(availableParallelism() - 1)];
  const canPin = spawnSync('taskset', ['--version']).status === 0;
  return [...(canPin ? pinned : []), ...command] as [string, ...string[]];
}

async function start(
  args: readonly string[],
  environment: Record<string, string>,
  { program, isPinned = false }: ProductionOptions & { readonly program: ProgramClient },
): Promise<PortalProcess> {
  const port = await freePort();
  const managementPort = await freePort();
  const profiling = PROFILED === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${PROFILED}`];
  const script = join(root, 'dist', 'apps', 'appliance', 'main.js');
  const main = [process.execPath, ...profiling, script, ...args] as const;
  const [command, ...rest] = isPinned ? onOneCore(main) : main;
  const askedAt = performance.now();
  const child = spawn(command, rest, {
    env: {
      PATH: process.env.PATH ?? '',
      SEGL_HTTP_PORT: String(port),
      SEGL_MANAGEMENT_PORT: String(managementPort),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output = `${output}${text.toString()}`.slice(-10_000)));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (!(await isReady(managementPort))) {
    if (child.exitCode !== null) throw new Error(`the appliance ended with ${child.exitCode}:\n${output}`);
    await new Promise((resume) => setTimeout(resume, 5));
  }
  return {
    port,
    managementPort,
    pid: child.pid ?? 0,
    publicUrl: new URL(environment.SEGL_PUBLIC_URL ?? `http://localhost:${port}`),
    program,
    readyMs: performance.now() - askedAt,
    readyCpuMs: cpuMsOf(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once('error', () => resolve(false));
    asked.end();
  });
}

/** proc_pid_stat(5), fields 14 and 15, in ticks of 10 ms. */
function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Processor time of all threads of a process so far, in milliseconds (Linux, Documentation/scheduler/sched-stats.rst). */
export function preciseCpuMsOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** What the main thread of a process did so far, in milliseconds: worked, and waited for a core that others had (same source). */
export function mainThreadOf(pid: number): { workedMs: number; waitedMs: number } {
  const [worked = NaN, waited = NaN] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1')
    .split(' ')
    .map(Number);
  return { workedMs: worked / 1e6, waitedMs: waited / 1e6 };
}

/** Resident memory of a process, in bytes: now, and at its highest since forgetPeak (Linux, proc_pid_status(5)). */
export function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
  return { now: kibibytes('VmRSS') * 1024, peak: kibibytes('VmHWM') * 1024 };
}

/** The peak is the present from here on (proc_pid_clear_refs(5)). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
