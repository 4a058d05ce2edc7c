import { readPlaces, readSettings, settingsAsFarAsWell, settingsWhereWell } from '#libs/installation';
import type { Places, Settings, SettingsAsFarAsWell } from '#libs/installation';

/** Options that stand before or behind any command, and win over variables and file. */
export interface GlobalOptions {
  readonly keyring?: string;
  readonly dataDir?: string;
  readonly eventStore?: string;
  readonly personKeys?: string;
  readonly demonstration?: boolean;
}

/** Where things are, for commands that need no more. @throws ConfigurationFault */
export function placesFor(environment: NodeJS.ProcessEnv, options: GlobalOptions): Places {
  return readPlaces(environment, readOptionsOf(options));
}

/** The appliance's whole configuration, for commands that do what the appliance does. @throws ConfigurationFault */
export function settingsFor(environment: NodeJS.ProcessEnv, options: GlobalOptions): Settings {
  return readSettings(environment, readOptionsOf(options));
}

/** What is well of a configuration with faults, for looking at the rest all the same. @throws ConfigurationFault for its file */
export function settingsAsFarAsWellFor(
  environment: NodeJS.ProcessEnv,
  options: GlobalOptions,
): SettingsAsFarAsWell | null {
  return settingsAsFarAsWell(environment, readOptionsOf(options));
}

/** For an act that hangs on the settings named, such as `console`, and on no others. @throws ConfigurationFault for these */
export function settingsWhereWellFor(
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
  options: GlobalOptions,
): Settings {
  return settingsWhereWell(names, environment, readOptionsOf(options));
}

function readOptionsOf({ keyring, dataDir, eventStore, personKeys, demonstration = false }: GlobalOptions) {
  return { demonstration, isBeside: true, given: { keyring, dataDir, eventStore, personKeys } };
}
