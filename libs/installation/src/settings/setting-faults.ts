import { z } from 'zod';
import { contradictions } from './contradictions.ts';
import { isMapping, mergeDeep, pathsOnlyIn, setPath, withoutUndefined } from './mappings.ts';
import type { Mapping } from './mappings.ts';
import { settingsOf, settingsSchema } from './settings.ts';
import type { Settings } from './settings.ts';
import { nameOf } from './variables.ts';

/** What a schema finds wrong, in the operator's words: by the name that was written. */
export function sentenceOf(issue: z.core.$ZodIssue, raw: Mapping): string {
  return `${nameOf(issue.path.join('.'))}: ${reasonOf(issue, raw)}`;
}

/** A misspelt setting would otherwise be ignored in silence. */
export function unknownPaths(raw: unknown, schema: z.ZodType, prefix = ''): string[] {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  if (inner instanceof z.ZodArray && Array.isArray(raw)) {
    return raw.flatMap((item, index) => unknownPaths(item, inner.element as z.ZodType, `${prefix}${index}.`));
  }
  if (!(inner instanceof z.ZodObject) || !isMapping(raw)) return [];
  const shape = inner.shape as Record<string, z.ZodType>;
  return Object.entries(raw).flatMap(([name, value]) => {
    const known = shape[name];
    return known ? unknownPaths(value, known, `${prefix}${name}.`) : [`${prefix}${name}`];
  });
}

function reasonOf(issue: z.core.$ZodIssue, raw: Mapping): string {
  const given = issue.path.reduce<unknown>(
    (value, key) => (isMapping(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined),
    raw,
  );
  return given === undefined ? 'is missing' : issue.message.replace(/^Invalid input: /, '');
}

/** What stands for a required setting that is missing or faulty, while the others are checked against each other. */
const STAND_INS: Mapping = {
  publicUrl: 'https://stand-in.example',
  organisation: { name: 'x', postalAddress: 'x', contactMail: 'x@stand-in.example', timeZone: 'UTC' },
  passcode: { sender: 'x@stand-in.example' },
};

/** Settings that may have faults, for looking at what does not depend on them. */
export interface SettingsAsFarAsWell {
  readonly settings: Settings;
  /** Required settings that are missing or faulty, such as `passcode.sender`. What stands in their place means nothing: nobody may ask, name or sign by it. */
  readonly missing: ReadonlySet<string>;
}

/**
 * The settings that are well in themselves, with stand-ins for required ones that are missing or faulty.
 * @returns null when even so nothing can be made of them
 */
export function settingsBeside(
  issues: readonly z.core.$ZodIssue[],
  raw: Mapping,
  demonstration: boolean,
): SettingsAsFarAsWell | null {
  const rest = structuredClone(raw);
  for (const { path } of issues) {
    const end = path.findIndex((step) => typeof step === 'number'); // a fault in a list puts the whole list aside
    setPath(rest, path.slice(0, end < 0 ? undefined : end).join('.'), undefined);
  }
  const well = withoutUndefined(rest);
  const parsed = settingsSchema.safeParse(mergeDeep(STAND_INS, well));
  if (!parsed.success) return null;
  return { settings: settingsOf(parsed.data, demonstration), missing: new Set(pathsOnlyIn(STAND_INS, well)) };
}

/** The contradictions among the settings that are well in themselves, so that an operator need not ask twice. */
export function contradictionsBeside(
  issues: readonly z.core.$ZodIssue[],
  raw: Mapping,
  demonstration: boolean,
): string[] {
  const settings = settingsBeside(issues, raw, demonstration)?.settings;
  if (settings === undefined) return [];
  const isOfFaulty = (fault: string) => issues.some(({ path }) => fault.startsWith(`${nameOf(path.join('.'))}: `));
  return contradictions(settings).filter((fault) => !isOfFaulty(fault));
}
