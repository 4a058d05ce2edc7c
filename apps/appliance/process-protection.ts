import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ways by which what this process has in memory could leave it (threats.md, What remains). */
export type Leak = 'core-file' | 'swap' | 'debugger';

/** Said in the log at the start, each with what to do. */
export const LEAK_SENTENCES: Readonly<Record<Leak, string>> = {
  'core-file': 'a crash would write all memory to a core file: start with a limit of 0 (LimitCORE=0, ulimit -c 0)',
  swap: 'memory can be written to swap: forbid it (MemorySwapMax=0, --memory-swap), or encrypt the swap',
  debugger: 'a signal of this user (SIGUSR1) would open a debugger: start Node with --disable-sigusr1',
};

const PRLIMIT_MS = 1000;

/**
 * Closes what a process can close by itself, and says what stays open. The core limit is set by prlimit(1) of util-linux, since Node
 * has no call for it. Elsewhere than on Linux nothing is known, and nothing said.
 */
export function protectProcess(): readonly Leak[] {
  if (process.platform !== 'linux') return [];
  const leaks: Leak[] = [];
  if (!hasNoCoreFile()) {
    spawnSync('prlimit', ['--pid', String(process.pid), '--core=0:0'], { stdio: 'ignore', timeout: PRLIMIT_MS });
    if (!hasNoCoreFile()) leaks.push('core-file');
  }
  if (canSwap()) leaks.push('swap');
  const options = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(/\s+/)];
  if (!options.includes('--disable-sigusr1')) leaks.push('debugger');
  return leaks;
}

function hasNoCoreFile(): boolean {
  return /^Max core file size\s+0\s/m.test(read('/proc/self/limits'));
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
