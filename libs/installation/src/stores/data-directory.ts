import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationFault } from '../settings/config.ts';

/** Stands in the data directory of a demonstration: what is in there was made with keys that anyone may have. */
const MARK = 'DEMONSTRATION';
const MARK_TEXT =
  'The data in this directory belongs to a demonstration of Segl. A production start refuses it; delete it at will.\n';

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
  const mark = join(directory, MARK);
  const isMarked = existsSync(mark);
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
    writeFileSync(mark, MARK_TEXT);
  }
}
