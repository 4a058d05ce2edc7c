import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#libs/vocabulary';

/** Name → content, by name. */
export type KeyFiles = ReadonlyMap<string, Buffer>;

const TRIES = 20;
const PAUSE_MS = 50;
const DESTROYED = '.destroyed';

/** Persons or mails in the backup may hang on a key that is gone now: made again, it holds one state of both. */
export class KeyDestroyedMeanwhile extends DomainError {
  constructor(keyIds: readonly string[]) {
    super('key-destroyed-meanwhile', `${keyIds.join(', ')} was destroyed while the backup was made: make it again`);
  }
}

/**
 * The files of a keyring at one moment. A destruction marks a key before it overwrites it: where the names are the same after all were
 * read, no file was overwritten before it was read.
 *
 * @throws DomainError `keyring-changing` when it never stands still; what the file system throws
 */
export async function readKeyFiles(directory: string): Promise<KeyFiles> {
  for (let tries = 0; tries < TRIES; tries++) {
    const names = await namesIn(directory);
    const contents = await Promise.all(names.map((name) => readFile(join(directory, name)).catch(() => null)));
    const isSame = (await namesIn(directory)).join('\n') === names.join('\n');
    if (isSame && !contents.includes(null))
      return new Map(names.map((name, index) => [name, contents[index] ?? Buffer.alloc(0)]));
    await sleep(PAUSE_MS);
  }
  throw new DomainError('keyring-changing', `the keyring ${directory} keeps changing: make the backup again`);
}

/** @throws KeyDestroyedMeanwhile */
export function requireNoneDestroyed(before: KeyFiles, after: KeyFiles): void {
  const marks = [...after.keys()].filter((name) => name.endsWith(DESTROYED) && !before.has(name));
  if (marks.length > 0) throw new KeyDestroyedMeanwhile(marks.map((name) => name.slice(0, -DESTROYED.length)));
}

/** Without what is being written at this moment, which begins with a dot. */
async function namesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}
