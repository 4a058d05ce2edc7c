import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { isMapping } from './mappings.ts';
import { VARIABLES } from './variables.ts';
import { writtenSettings } from './written-settings.ts';

export interface ConfigurationFiles {
  /** By the name that each has beside `settings.json`, which is one of them and says where each was and which variables were set. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** What could not be read, `path: reason`. */
  readonly leftOut: readonly string[];
}

/**
 * The configuration as it was written, for a backup: the file named by SEGL_CONFIG, every file that it or a variable names, secrets
 * too, and the variables themselves.
 * @throws ConfigurationFault for a configuration file that is none
 */
export function configurationFiles(environment: NodeJS.ProcessEnv): ConfigurationFiles {
  const contents = new Map<string, Uint8Array>();
  const files: { setting: string; path: string; name: string }[] = [];
  const leftOut: string[] = [];
  const take = (setting: string, path: string, name: string) => {
    try {
      contents.set(name, readFileSync(path));
      files.push({ setting, path, name });
    } catch (error) {
      leftOut.push(`${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
    }
  };
  const { SEGL_CONFIG: configPath } = environment;
  const written = writtenSettings(environment);
  if (configPath !== undefined && configPath !== '') take('SEGL_CONFIG', resolve(configPath), 'segl.yaml');
  for (const { setting, path } of namedFiles(written)) {
    const number = String(files.length).padStart(2, '0');
    take(setting, path, `files/${number}-${basename(path).replace(/[^\w.-]/g, '_')}`);
  }
  const variables = Object.fromEntries(
    Object.keys(VARIABLES).flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
  contents.set('settings.json', Buffer.from(`${JSON.stringify({ variables, files }, null, 2)}\n`));
  return { contents, leftOut };
}

/** Every setting whose name ends in `File`, wherever it stands: so one that is added is in the backup too. */
function namedFiles(value: unknown, setting = ''): { setting: string; path: string }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => namedFiles(item, `${setting}.${index}`));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = setting === '' ? name : `${setting}.${name}`;
    return name.endsWith('File') && typeof inner === 'string'
      ? [{ setting: path, path: resolve(inner) }]
      : namedFiles(inner, path);
  });
}
