import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#libs/vocabulary';

/**
 * How long the oldest carrier in an outbox has waited for the relay, in seconds; 0 where none waits, or there is no outbox. Only looks: also beside
 * a running process. By the time at which its file was written, which no rename changes.
 *
 * @throws what the file system throws, but for what is not there
 */
export async function oldestInOutbox(directory: string, clock: Clock): Promise<number> {
  let oldestMs = Infinity;
  for (const folder of ['queue', 'sending']) {
    for (const name of await listed(join(directory, folder))) {
      const found = await stat(join(directory, folder, name)).catch(absent);
      if (found !== null) oldestMs = Math.min(oldestMs, found.mtimeMs);
    }
  }
  return oldestMs === Infinity ? 0 : Math.max(0, (Date.parse(clock.now()) - oldestMs) / 1000);
}

async function listed(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
