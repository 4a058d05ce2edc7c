import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What lies in the data directory. The two stores may be elsewhere; the others are always here. */
export const DATA_FILES = {
  eventStore: 'events.sqlite',
  personKeys: 'persons.sqlite',
  readModels: 'read-models.sqlite',
  outbox: 'outbox',
  /** What waits to be sent to programs: rebuilt from the record where it is missing. */
  webhooks: 'webhooks.sqlite',
} as const;

/** Where a store is when nothing says otherwise. */
export function embeddedUrl(store: 'eventStore' | 'personKeys', dataDir: string): string {
  return `sqlite:${join(dataDir, DATA_FILES[store])}`;
}

/** Stands in the data directory of a demonstration, and in its keyring: what is in there was made with keys that anyone may have. */
export const DEMONSTRATION_MARK = 'DEMONSTRATION';

/** Whether a directory of data or of keys carries the mark of a demonstration. */
export function isOfDemonstration(directory: string): boolean {
  return existsSync(join(directory, DEMONSTRATION_MARK));
}

/** Where a demonstration that runs can be reached, beside its mark. */
const DEMONSTRATION_ADDRESS = 'address';

/** For commands beside it, which cannot know on which port it was started. @returns forgets it again */
export function noteDemonstrationAddress(dataDir: string, publicUrl: URL): () => void {
  const path = join(dataDir, DEMONSTRATION_ADDRESS);
  writeFileSync(path, publicUrl.href);
  return () => rmSync(path, { force: true });
}

/** Null where none runs, or where what stands there is no address of this machine. */
export function demonstrationAddress(dataDir: string): string | null {
  try {
    const text = readFileSync(join(dataDir, DEMONSTRATION_ADDRESS), 'utf8').trim();
    return /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?\/?$/.test(text) ? text : null;
  } catch {
    return null;
  }
}
