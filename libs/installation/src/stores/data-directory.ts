import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationFault } from '../settings/configuration-fault.ts';

/** What lies in it. The two stores may be elsewhere; the others are always here. */
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

/** Stands in the data directory of a demonstration: what is in there was made with keys that anyone may have. */
const MARK = 'DEMONSTRATION';
const MARK_TEXT =
  'The data in this directory belongs to a demonstration of Segl. A production start refuses it; delete it at will.\n';

/** Whether a directory of data or of keys carries the mark of a demonstration. */
export function isOfDemonstration(directory: string): boolean {
  return existsSync(join(directory, MARK));
}

/**
 * Makes the data directory where there is none (0700: it holds personal data), and refuses one of the other kind.
 * @throws ConfigurationFault
 */
export function prepareDataDirectory(directory: string, { demonstration }: { demonstration: boolean }): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new ConfigurationFault([`SEGL_DATA_DIR (dataDir): ${directory} cannot be used: ${(error as Error).message}`]);
  }
  const isMarked = isOfDemonstration(directory);
  if (isMarked && !demonstration) {
    throw new ConfigurationFault([
      `SEGL_DATA_DIR (dataDir): ${directory} holds the data of a demonstration; use another directory`,
    ]);
  }
  if (!isMarked && demonstration) {
    if (readdirSync(directory).length > 0) {
      throw new ConfigurationFault([
        `SEGL_DATA_DIR (dataDir): ${directory} is not empty and not of a demonstration; use another directory`,
      ]);
    }
    writeFileSync(join(directory, MARK), MARK_TEXT);
  }
}
