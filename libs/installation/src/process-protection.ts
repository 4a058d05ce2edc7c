import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { url as inspectorUrl } from 'node:inspector';

/** Ways by which what this process has in memory could leave it (threats.md, What remains). */
export type Leak = 'core-file' | 'core-handler' | 'swap' | 'debugger' | 'inspector' | 'heap-file';

/** For the log at the start, each with what to do. */
export const LEAK_SENTENCES: Readonly<Record<Leak, string>> = {
  'core-file': 'a crash would write all memory to a core file: start with a limit of one byte (LimitCORE=1)',
  'core-handler':
    'a crash would give all memory to the program that kernel.core_pattern names: a limit of one byte (LimitCORE=1) keeps it from a pipe, a limit of 0 does not; from a socket nothing does',
  swap: 'memory can be written to swap: forbid it (MemorySwapMax=0, --memory-swap), or encrypt the swap',
  debugger: 'a signal of this user (SIGUSR1) would open a debugger: start Node with --disable-sigusr1',
  inspector: 'Node was started with a debugger (--inspect): who reaches its port reads all memory; start without it',
  'heap-file': 'Node was started to write its heap to files (--heapsnapshot-…, --heap-prof): start without it',
};

/** What the machine and the command line say, as far as they could be read. */
export interface Surroundings {
  /** The soft limit of a core file in bytes, as /proc/self/limits writes it; it alone counts. */
  readonly coreLimit: string;
  /** kernel.core_pattern: a file's name, or `|` and a program, or `@` and a socket (Linux, core(5)). */
  readonly corePattern: string;
  readonly canSwap: boolean;
  /** Node's own options, from the command line and NODE_OPTIONS. */
  readonly nodeOptions: readonly string[];
  readonly isInspected: boolean;
}

/**
 * The one limit that also keeps a core from a pipe: the kernel gives a program all memory whatever the limit is, 0 included, but for 1,
 * which it takes for a handler that crashes itself (Linux, fs/coredump.c). No core file is as small as that either.
 */
const CORE_LIMIT_BYTES = 1;
const PRLIMIT_MS = 1000;
const HEAP_FILES = ['--heapsnapshot-signal', '--heapsnapshot-near-heap-limit', '--heap-prof'];

/**
 * Closes what a process can close by itself, and says what stays open. The core limit is set by prlimit(1) of util-linux, since Node
 * has no call for it. Elsewhere than on Linux nothing is known, and nothing said.
 */
export function protectProcess(): readonly Leak[] {
  if (process.platform !== 'linux') return [];
  if (coreLimit() !== String(CORE_LIMIT_BYTES)) {
    const limit = `--core=${CORE_LIMIT_BYTES}:${CORE_LIMIT_BYTES}`;
    spawnSync('prlimit', ['--pid', String(process.pid), limit], { stdio: 'ignore', timeout: PRLIMIT_MS });
  }
  return leaksIn({
    coreLimit: coreLimit(),
    corePattern: read('/proc/sys/kernel/core_pattern').trim(),
    canSwap: canSwap(),
    nodeOptions: [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)],
    isInspected: inspectorUrl() !== undefined,
  });
}

/** What stays open there. */
export function leaksIn(surroundings: Surroundings): readonly Leak[] {
  const { coreLimit, corePattern, canSwap, isInspected } = surroundings;
  const options = surroundings.nodeOptions.map((option) => option.replace(/=.*/s, '').replaceAll('_', '-'));
  const isOpen: Readonly<Record<Leak, boolean>> = {
    'core-file': coreLimit !== '0' && coreLimit !== String(CORE_LIMIT_BYTES),
    'core-handler':
      corePattern.startsWith('@') || (corePattern.startsWith('|') && coreLimit !== String(CORE_LIMIT_BYTES)),
    swap: canSwap,
    debugger: !options.includes('--disable-sigusr1'),
    inspector: isInspected,
    'heap-file': HEAP_FILES.some((option) => options.includes(option)),
  };
  return (Object.keys(isOpen) as Leak[]).filter((leak) => isOpen[leak]);
}

/** Of the soft limit, in bytes or `unlimited`; empty where it cannot be read. */
function coreLimit(): string {
  return /^Max core file size\s+(\S+)\s/m.exec(read('/proc/self/limits'))?.[1] ?? '';
}

/** There is swap, and neither this control group nor one above it is kept from it (Linux, cgroup-v2, memory.swap.max). */
function canSwap(): boolean {
  const devices = read('/proc/swaps').trim().split('\n').length - 1;
  if (devices <= 0) return false;
  const group = /^0::\/?(.*)$/m.exec(read('/proc/self/cgroup'))?.[1] ?? '';
  const steps = group.split('/').filter((step) => step !== '');
  for (let depth = steps.length; depth >= 0; depth--) {
    const path = ['/sys/fs/cgroup', ...steps.slice(0, depth), 'memory.swap.max'].join('/');
    if (read(path).trim() === '0') return false;
  }
  return true;
}

/** Empty where it cannot be read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
