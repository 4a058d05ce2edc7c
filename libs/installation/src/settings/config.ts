import { ConfigurationFault } from './configuration-fault.ts';
import { contradictions } from './contradictions.ts';
import { demonstrationDefaults } from './demonstration-defaults.ts';
import { mergeDeep } from './mappings.ts';
import type { Mapping } from './mappings.ts';
import { contradictionsBeside, sentenceOf, settingsBeside, unknownPaths } from './setting-faults.ts';
import type { SettingsAsFarAsWell } from './setting-faults.ts';
import { placesIn, placesSchema, settingsOf, settingsSchema } from './settings.ts';
import type { Places, Settings } from './settings.ts';
import { isOfDemonstration } from '../stores/data-files.ts';
import { unknownVariables, writtenSettings } from './written-settings.ts';
import type { ReadOptions } from './written-settings.ts';

/**
 * Settings come from a YAML file (`SEGL_CONFIG`) and from `SEGL_…` variables, which win. Every fault is reported, all at once;
 * nothing starts on a faulty configuration.
 * @throws ConfigurationFault with every fault
 */
export function readSettings(environment: NodeJS.ProcessEnv = process.env, options: ReadOptions = {}): Settings {
  const { demonstration = false, isBeside = false } = options;
  const raw = withDemonstration(writtenSettings(environment, options), demonstration, isBeside);
  const faults = unknownNames(environment, raw);
  const parsed = settingsSchema.safeParse(raw);
  if (!parsed.success) {
    const { issues } = parsed.error;
    faults.push(...issues.map((issue) => sentenceOf(issue, raw)), ...contradictionsBeside(issues, raw, demonstration));
    throw new ConfigurationFault(faults);
  }
  const settings = settingsOf(parsed.data, demonstration);
  faults.push(...contradictions(settings));
  if (faults.length > 0) throw new ConfigurationFault(faults);
  return settings;
}

/**
 * What is well of a configuration that `readSettings` refuses, for looking at the rest of an installation all the same: nothing
 * is ever started on it. Null when nothing can be made of it.
 */
export function settingsAsFarAsWell(
  environment: NodeJS.ProcessEnv,
  options: ReadOptions = {},
): SettingsAsFarAsWell | null {
  const { demonstration = false, isBeside = false } = options;
  const raw = withDemonstration(writtenSettings(environment, options), demonstration, isBeside);
  return settingsBeside(settingsSchema.safeParse(raw).error?.issues ?? [], raw, demonstration);
}

/**
 * The settings for an act that hangs on those named alone, such as `console`: whatever else has faults, these have none.
 * @throws ConfigurationFault with theirs, and with names that nothing has: a rule that is misspelt must not be passed over
 */
export function settingsWhereWell(
  names: readonly string[],
  environment: NodeJS.ProcessEnv,
  options: ReadOptions = {},
): Settings {
  const { demonstration = false, isBeside = false } = options;
  const raw = withDemonstration(writtenSettings(environment, options), demonstration, isBeside);
  const issues = settingsSchema.safeParse(raw).error?.issues ?? [];
  const faults = [
    ...unknownNames(environment, raw),
    ...issues.filter(({ path: [name] }) => names.includes(String(name))).map((issue) => sentenceOf(issue, raw)),
  ];
  if (faults.length > 0) throw new ConfigurationFault(faults);
  return settingsBeside(issues, raw, demonstration)?.settings ?? readSettings(environment, options);
}

/**
 * Where things are, whatever else the configuration lacks.
 * @throws ConfigurationFault with every fault of these settings alone
 */
export function readPlaces(environment: NodeJS.ProcessEnv = process.env, options: ReadOptions = {}): Places {
  const { demonstration = false, isBeside = false } = options;
  const raw = withDemonstration(writtenSettings(environment, options), demonstration, isBeside);
  const parsed = placesSchema.safeParse(raw);
  if (!parsed.success) throw new ConfigurationFault(parsed.error.issues.map((issue) => sentenceOf(issue, raw)));
  const places = placesIn(parsed.data);
  return { ...places, demonstration: demonstration || isOfDemonstration(places.keyring) };
}

function unknownNames(environment: NodeJS.ProcessEnv, raw: Mapping): string[] {
  return [
    ...unknownVariables(environment).map((name) => `${name}: no such variable`),
    ...unknownPaths(raw, settingsSchema).map((path) => `${path}: no such setting`),
  ];
}

function withDemonstration(written: Mapping, demonstration: boolean, isBeside: boolean): Mapping {
  return demonstration ? mergeDeep(demonstrationDefaults(written, isBeside), written) : written;
}
