import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/** A server that does the least that can be done, in a process of its own; see bare-server.ts. */
export interface BareServer {
  readonly port: number;
  stop(): void;
}

export async function startBareServer(): Promise<BareServer> {
  const child = fork(join(import.meta.dirname, 'bare-server.ts'), { execArgv: [] });
  return { port: await messageFrom<number>(child), stop: () => child.disconnect() };
}

/**
 * Times of /healthz in milliseconds, ascending, all taken while the work was under way: a list for each port over connections
 * that were kept, then a list for each over new ones.
 */
export async function pinging(ports: readonly number[], work: () => Promise<unknown>): Promise<number[][]> {
  const pinger = fork(join(import.meta.dirname, 'pinger.ts'), ports.map(String), { execArgv: [] });
  await messageFrom(pinger);
  await work();
  const times = messageFrom<number[][]>(pinger);
  pinger.send('stop');
  return times;
}

export function messageFrom<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`a helper process ended with ${code}`));
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Message);
    });
    child.once('exit', ended);
  });
}

/** @param ascending a share of 0.99 is the 99th percentile */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((one, other) => one - other),
    0.5,
  );
}
