import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import {
  ConfigurationFault,
  nameOf,
  readSettings,
  type Settings,
  settingsSchema,
  type StoreFiles,
  storeUrlFault,
  VARIABLES,
} from '#libs/installation';

/** Options that stand before or behind any command, and win over variables and file. */
export interface GlobalOptions {
  readonly keyring?: string;
  readonly dataDir?: string;
  readonly eventStore?: string;
  readonly personKeys?: string;
  readonly demonstration?: boolean;
}

/** Where things are: all that most commands need of the configuration, so that they work where no whole one is at hand. */
export interface Places {
  readonly keyring: string;
  readonly dataDir: string;
  /** `sqlite:<path>`, `esdb://…` or `esdb+discover://…` */
  readonly eventStore: string;
  /** `sqlite:<path>` or `postgres://…` */
  readonly personKeys: string;
  /** Secrets and certificates of servers, from the file alone. */
  readonly stores: StoreFiles;
  readonly demonstration: boolean;
}

const PLACE_NAMES = ['keyring', 'dataDir', 'eventStore', 'personKeys'] as const;

/**
 * Options, then `SEGL_…` variables, then the file named by SEGL_CONFIG, then the appliance's own defaults.
 * @throws ConfigurationFault
 */
export function readPlaces(environment: NodeJS.ProcessEnv, options: GlobalOptions): Places {
  const written = { ...fileOf(environment), ...variablesOf(environment), ...pathsOf(options) };
  const demonstration = options.demonstration ?? false;
  const defaults = settingsSchema.shape;
  const dataDir = resolve(
    written.dataDir ?? (demonstration ? join('data', 'demonstration') : defaults.dataDir.parse(undefined)),
  );
  const keyring = resolve(
    written.keyring ?? (demonstration ? join(dataDir, 'keyring') : defaults.keyring.parse(undefined)),
  );
  const eventStore = written.eventStore ?? `sqlite:${join(dataDir, 'events.sqlite')}`;
  const personKeys = written.personKeys ?? `sqlite:${join(dataDir, 'persons.sqlite')}`;
  const stores = storeFilesIn(environment);
  const urls = { eventStore, personKeys };
  const faults = (['eventStore', 'personKeys'] as const).flatMap((name) => {
    const fault = storeUrlFault(name, urls[name]);
    return fault === null ? [] : [`${nameOf(name)}: ${fault}`];
  });
  if (faults.length > 0) throw new ConfigurationFault(faults);
  return { keyring, dataDir, eventStore, personKeys, stores, demonstration: demonstration || isMarked(keyring) };
}

/** The appliance's whole configuration, for commands that do what the appliance does. @throws ConfigurationFault */
export function readWholeSettings(environment: NodeJS.ProcessEnv, options: GlobalOptions): Settings {
  const own = pathsOf(options);
  const variables = Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([variable, path]) => {
      const value = PLACE_NAMES.find((name) => name === path);
      return value !== undefined && own[value] !== undefined ? [[variable, own[value]]] : [];
    }),
  );
  return readSettings({ ...environment, ...variables }, { demonstration: options.demonstration ?? false });
}

/** The file behind `sqlite:`. */
export function sqliteFileOf(url: string): string {
  return resolve(url.slice('sqlite:'.length));
}

/** Keyring and data of a demonstration carry the same mark. */
export function isMarked(directory: string): boolean {
  return existsSync(join(directory, 'DEMONSTRATION'));
}

type Written = Partial<Record<(typeof PLACE_NAMES)[number], string>>;

function pathsOf(options: GlobalOptions): Written {
  return pick((name) => options[name]);
}

function variablesOf(environment: NodeJS.ProcessEnv): Written {
  return pick((name) => {
    const variable = Object.keys(VARIABLES).find((candidate) => VARIABLES[candidate] === name);
    return variable === undefined ? undefined : environment[variable];
  });
}

function fileOf(environment: NodeJS.ProcessEnv): Written {
  const content = contentOfFile(environment);
  return pick((name) => content[name]);
}

/** What is wrong with them is said by whoever needs them. */
function storeFilesIn(environment: NodeJS.ProcessEnv): StoreFiles {
  const { stores } = contentOfFile(environment);
  const parsed = settingsSchema.shape.stores.safeParse(stores ?? {});
  return parsed.success ? parsed.data : {};
}

function contentOfFile(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const path = environment['SEGL_CONFIG'];
  if (path === undefined || path === '') return {};
  try {
    return (parse(readFileSync(path, 'utf8')) ?? {}) as Record<string, unknown>;
  } catch (error) {
    throw new ConfigurationFault([
      `SEGL_CONFIG: ${path} cannot be read: ${String((error as Error).message).split('\n')[0]}`,
    ]);
  }
}

function pick(valueOf: (name: (typeof PLACE_NAMES)[number]) => unknown): Written {
  const entries = PLACE_NAMES.map((name) => [name, valueOf(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => typeof value === 'string' && value !== ''));
}
