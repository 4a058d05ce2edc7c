import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#libs/vocabulary';

/**
 * How long the oldest carrier in an outbox has waited for the relay, in seconds; 0 where none waits, or there is no outbox. Only looks: also beside
 * a running process. By the time at which its file was written, which no rename changes. Where that is still to come the clock was set back, and nobody
 * knows how long it has waited: it counts for as much as the clock lacks.
 *
 * @throws what the file system throws, but for what is not there
 */
export async function oldestInOutbox(directory: string, clock: Clock): Promise<number> {
  let oldestSeconds = 0;
  for (const folder of ['queue', 'sending']) {
    for (const name of await listed(join(directory, folder))) {
      const found = await stat(join(directory, folder, name)).catch(absent);
      if (found === null) continue;
      oldestSeconds = Math.max(oldestSeconds, Math.abs(Date.parse(clock.now()) - found.mtimeMs) / 1000);
    }
  }
  return oldestSeconds;
}

async function listed(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
