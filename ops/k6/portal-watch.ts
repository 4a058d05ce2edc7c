import { readdirSync, readFileSync } from 'node:fs';
import { memoryOf } from '../bench/portal-process.ts';

/** The appliance at one moment. */
export interface PortalFigures {
  /** Milliseconds since the watch began. */
  readonly atMs: number;
  readonly residentBytes: number;
  /** V8's heap and what it holds outside (buffers), garbage included. */
  readonly heapBytes: number;
  /** Of that, what the ephemeral store holds by its own account: sessions and messages that wait, each forgotten in its time, all of them bounded. */
  readonly waitingBytes: number;
  readonly openFiles: number;
  /** libuv handles, as Node counts them. */
  readonly activeHandles: number;
  /** The longest time that the event loop stood still since the figures before. */
  readonly stallMs: number;
}

/** Threads of the appliance, by what they do for it. */
export type ThreadKind = 'main' | 'pool' | 'writer' | 'workers' | 'v8';

export interface ThreadShares {
  /** Processors that were taken on average, of each kind's threads together: 1 is one whole processor. */
  readonly processors: Readonly<Record<ThreadKind, number>>;
  /** Of the time in which the store's writer waited for the disk: 1 is all of it. */
  readonly writerOnDisk: number;
  /** Of the machine's processors, all programs together: 1 is all of them. */
  readonly machine: number;
}

const STATE_EVERY_MS = 20;

/** Reads `/proc` (Linux) and the management port while a load runs. */
export class PortalWatch {
  readonly figures: PortalFigures[] = [];
  private readonly pid: number;
  private readonly metricsUrl: string;
  private readonly begunAt = performance.now();
  private readonly spentBefore: ReadonlyMap<string, number>;
  private readonly machineBefore: { readonly busy: number; readonly all: number };
  private readonly timers: NodeJS.Timeout[];
  private looks = 0;
  private looksOnDisk = 0;

  constructor(pid: number, managementPort: number, everyMs: number) {
    this.pid = pid;
    this.metricsUrl = `http://127.0.0.1:${managementPort}/metrics`;
    this.spentBefore = spentOf(pid);
    this.machineBefore = machineTicks();
    this.timers = [
      setInterval(() => void this.look().catch(() => undefined), everyMs), // a look that failed is one figure fewer
      setInterval(() => this.lookAtWriter(), STATE_EVERY_MS),
    ];
  }

  /** The figures of this moment, kept with the others. */
  async look(): Promise<PortalFigures> {
    const metrics = await (await fetch(this.metricsUrl, { headers: { connection: 'close' } })).text();
    const metric = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1]);
    const figures = {
      atMs: performance.now() - this.begunAt,
      residentBytes: memoryOf(this.pid).now,
      heapBytes: metric('nodejs_heap_size_used_bytes') + metric('nodejs_external_memory_bytes'),
      waitingBytes: metric('segl_waiting_bytes'),
      openFiles: readdirSync(`/proc/${this.pid}/fd`).length,
      activeHandles: metric('nodejs_active_handles_total'),
      stallMs: metric('nodejs_eventloop_lag_max_seconds') * 1000,
    };
    this.figures.push(figures);
    return figures;
  }

  /** Since the watch began. */
  shares(): ThreadShares {
    const seconds = (performance.now() - this.begunAt) / 1000;
    const processors: Record<ThreadKind, number> = { main: 0, pool: 0, writer: 0, workers: 0, v8: 0 };
    for (const [thread, spent] of spentOf(this.pid)) {
      processors[kindOf(this.pid, thread)] += (spent - (this.spentBefore.get(thread) ?? 0)) / 1e9 / seconds;
    }
    const machine = machineTicks();
    return {
      processors,
      writerOnDisk: this.looks === 0 ? 0 : this.looksOnDisk / this.looks,
      machine: (machine.busy - this.machineBefore.busy) / Math.max(1, machine.all - this.machineBefore.all),
    };
  }

  end(): void {
    this.timers.forEach(clearInterval);
  }

  private lookAtWriter(): void {
    const writer = tasksOf(this.pid).find((thread) => kindOf(this.pid, thread) === 'writer');
    if (writer === undefined) return;
    this.looks += 1;
    const state = read(`/proc/${this.pid}/task/${writer}/stat`).split(') ').at(-1)?.[0];
    if (state === 'D') this.looksOnDisk += 1;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // a thread that has just ended
  }
}

function tasksOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`);
}

/** Nanoseconds on a processor of each thread (Linux, Documentation/scheduler/sched-stats.rst). */
function spentOf(pid: number): Map<string, number> {
  const spent = (thread: string) => Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0);
  return new Map(tasksOf(pid).map((thread) => [thread, spent(thread)]));
}

/** By the name that Node or we gave the thread, of which the kernel keeps 15 bytes. */
function kindOf(pid: number, thread: string): ThreadKind {
  const name = read(`/proc/${pid}/task/${thread}/comm`).trim();
  if (name.startsWith('event-store-wri')) return 'writer';
  if (name === 'MainThread') return 'main';
  if (name.startsWith('libuv-worker')) return 'pool';
  return /^(V8Worker|DelayedTask|SignalInsp)/.test(name) ? 'v8' : 'workers';
}

/** proc_stat(5): idle and iowait are not busy, whatever another guest took is. */
function machineTicks(): { busy: number; all: number } {
  const ticks = (/^cpu +(.*)$/m.exec(read('/proc/stat'))?.[1] ?? '').split(' ').map(Number);
  const all = ticks.slice(0, 8).reduce((sum, each) => sum + each, 0);
  return { busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0), all };
}
