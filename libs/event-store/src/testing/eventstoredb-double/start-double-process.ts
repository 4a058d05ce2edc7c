import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface DoubleProcess {
  readonly url: string;
  /** At once, with all that it holds. */
  stop(): Promise<void>;
}

/** Ends with this process, however that ends. */
export async function startDoubleProcess(): Promise<DoubleProcess> {
  const file = join(import.meta.dirname, 'double-process.ts');
  const child = spawn(process.execPath, ['--conditions=segl-source', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [url] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then(([code]) => {
      throw new Error(`the double ended with ${String(code)} before it listened`);
    }),
  ])) as [string];
  return {
    url,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
