import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What lies in the data directory. The two stores may be elsewhere; the others are always here. */
export const DATA_FILES = {
  eventStore: 'events.sqlite',
  personKeys: 'persons.sqlite',
  readModels: 'read-models.sqlite',
  outbox: 'outbox',
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
