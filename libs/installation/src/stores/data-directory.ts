import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { partsOf } from '../roles.ts';
import { ConfigurationFault } from '../settings/configuration-fault.ts';
import type { Settings } from '../settings/settings.ts';
import { nameOf } from '../settings/variables.ts';
import { DEMONSTRATION_MARK, isOfDemonstration } from './data-files.ts';
import { isEmbedded } from './store-urls.ts';

const MARK_TEXT =
  'The data in this directory belongs to a demonstration of Segl. A production start refuses it; delete it at will.\n';

interface Kind {
  readonly demonstration: boolean;
}

/** A portal whose stores are all elsewhere keeps nothing on its machine, and its disk may be read-only. */
export function needsDataDirectory(settings: Settings): boolean {
  const parts = partsOf(settings);
  return (
    settings.demonstration ||
    parts.has('outbox') ||
    parts.has('readModels') ||
    isEmbedded('eventStore', settings.eventStore) ||
    (parts.has('personDirectory') && isEmbedded('personKeys', settings.personKeys))
  );
}

/**
 * Makes the data directory where there is none (0700: it holds personal data), and refuses one of the other kind.
 * @throws ConfigurationFault
 */
export function prepareDataDirectory(directory: string, kind: Kind): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(directory, error);
  }
  checkDataDirectory(directory, kind);
  if (kind.demonstration) markAsDemonstration(directory);
}

/** What was restored from a demonstration's backup stays a demonstration's. */
export function markAsDemonstration(directory: string): void {
  const mark = join(directory, DEMONSTRATION_MARK);
  if (!existsSync(mark)) writeFileSync(mark, MARK_TEXT);
}

/**
 * Whether it could be prepared now; makes nothing.
 * @returns what is well, in a few words
 * @throws ConfigurationFault
 */
export function checkDataDirectory(directory: string, { demonstration }: Kind): string {
  const isThere = existsSync(directory);
  try {
    accessSync(isThere ? directory : nearestAbove(directory), constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(directory, error);
  }
  if (!isThere) return `${directory}: none yet, the first start makes it`;
  const isMarked = isOfDemonstration(directory);
  if (isMarked && !demonstration) throw fault(`${directory} holds the data of a demonstration; use another directory`);
  if (!isMarked && demonstration && readdirSync(directory).length > 0) {
    throw fault(`${directory} is not empty and not of a demonstration; use another directory`);
  }
  return directory;
}

function nearestAbove(directory: string): string {
  const above = dirname(directory);
  return existsSync(above) || above === directory ? above : nearestAbove(above);
}

function unusable(directory: string, error: unknown): ConfigurationFault {
  return fault(`${directory} cannot be used: ${(error as Error).message}`);
}

function fault(text: string): ConfigurationFault {
  return new ConfigurationFault([`${nameOf('dataDir')}: ${text}`]);
}
