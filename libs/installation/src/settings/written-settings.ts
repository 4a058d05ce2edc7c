import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ConfigurationFault } from './configuration-fault.ts';
import { isMapping, setPath } from './mappings.ts';
import type { Mapping } from './mappings.ts';
import { LISTS, VARIABLES } from './variables.ts';

/** Read by others than this schema: the file itself, and what tests set. */
const KNOWN_BESIDE = /^SEGL_(CONFIG|TEST_.*|BENCH_.*)$/;

export interface ReadOptions {
  /** Defaults for a newcomer's machine, loopback only, a relay refused. */
  readonly demonstration?: boolean;
  /** Read by a command, which may run beside a demonstration. */
  readonly isBeside?: boolean;
  /** What a command line names: it wins over variables and file. */
  readonly given?: Readonly<Record<string, string | undefined>>;
}

/**
 * As it was written, before any default and any check: what the command line gave, then `SEGL_…` variables, then the file named by
 * `SEGL_CONFIG`. An empty variable counts as none, but for lists, where it is an empty list.
 * @throws ConfigurationFault, with the one fault of a file that cannot be read: whatever else is missing may well stand in it
 */
export function writtenSettings(environment: NodeJS.ProcessEnv, { given = {} }: ReadOptions = {}): Mapping {
  const written = readConfigurationFile(environment['SEGL_CONFIG']);
  for (const [name, path] of Object.entries(VARIABLES)) {
    const value = environment[name];
    if (value === undefined || (value === '' && !LISTS.has(path))) continue;
    setPath(written, path, LISTS.has(path) ? splitList(value) : value);
  }
  for (const [path, value] of Object.entries(given)) if (value !== undefined) setPath(written, path, value);
  return written;
}

/** Variables that look like ours and are none. */
export function unknownVariables(environment: NodeJS.ProcessEnv): string[] {
  const given = Object.keys(environment).filter((name) => name.startsWith('SEGL_') && environment[name] !== undefined);
  return given.filter((name) => VARIABLES[name] === undefined && !KNOWN_BESIDE.test(name));
}

function readConfigurationFile(path: string | undefined): Mapping {
  if (path === undefined || path === '') return {};
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8')) ?? {};
  } catch (error) {
    const [reason] = String((error as Error).message).split('\n');
    throw new ConfigurationFault([`SEGL_CONFIG: ${path} cannot be read: ${reason?.replace(/:$/, '')}`]); // YAML shows the place below
  }
  if (!isMapping(content)) throw new ConfigurationFault([`SEGL_CONFIG: ${path} is not a YAML mapping`]);
  return content;
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
