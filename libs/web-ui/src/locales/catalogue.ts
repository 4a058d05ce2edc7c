import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { directionOf } from './direction.ts';
import type { Direction } from './direction.ts';
import { Message } from './message.ts';

/** The texts of one language, from its file. */
export interface Catalogue {
  /** Its BCP 47 tag: the name of its file. */
  readonly locale: string;
  /** In its own words, as the switch of language shows it. */
  readonly name: string;
  /** The tag by whose habits dates and sizes are written: `en-GB` for English, day before month. */
  readonly regional: string;
  /** From the locale data of the platform (Unicode CLDR). */
  readonly direction: Direction;
  /** By their path: `page.skipToContent`. */
  readonly messages: ReadonlyMap<string, Message>;
}

/** Gives all others their keys and parameters. */
const ORIGINAL = 'en';
/** The group in every file that describes the language instead of being texts of pages. */
const ABOUT = 'language';

/**
 * Every `<tag>.json` of a directory, English first, the others by their tag.
 *
 * @throws CatalogueFaults with every fault of every file: bad syntax, a text that is missing, unknown or empty, other parameters
 * than English, a plural form too few or too many
 */
export function readCatalogues(directory: string): Catalogue[] {
  const faults: string[] = [];
  const catalogues = readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort((one, other) => Number(other === ORIGINAL) - Number(one === ORIGINAL) || (one < other ? -1 : 1))
    .flatMap((locale) => {
      const catalogue = catalogueOf(locale, readFileSync(join(directory, `${locale}.json`), 'utf8'), faults);
      return catalogue === null ? [] : [catalogue];
    });
  const [original] = catalogues;
  if (original?.locale !== ORIGINAL) faults.push(`there is no ${ORIGINAL}.json`);
  else for (const catalogue of catalogues) faults.push(...differences(original, catalogue));
  if (faults.length > 0) throw new CatalogueFaults(faults);
  return catalogues;
}

function catalogueOf(locale: string, json: string, faults: string[]): Catalogue | null {
  const fault = (text: string) => void faults.push(`${locale}.json: ${text}`);
  try {
    if (Intl.getCanonicalLocales(locale)[0] !== locale || Intl.PluralRules.supportedLocalesOf(locale).length === 0)
      throw new RangeError('its name is no language tag that this platform knows in its canonical form');
    const { [ABOUT]: about, ...groups } = JSON.parse(json) as Record<string, unknown>;
    const { name, regional } = (about ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || name.trim() === '') throw new TypeError(`${ABOUT}.name is the language's own name`);
    if (typeof regional !== 'string' || new Intl.Locale(regional).language !== new Intl.Locale(locale).language)
      throw new TypeError(`${ABOUT}.regional is a tag of the same language, such as en-GB`);
    const messages = new Map<string, Message>();
    for (const [key, text] of leavesOf(groups)) {
      try {
        if (typeof text !== 'string' || text.trim() === '') throw new TypeError('is empty, or no text');
        if (/\p{Cc}/u.test(text)) throw new TypeError('has a control character');
        messages.set(key, Message.parse(text, locale));
      } catch (error) {
        fault(`${key}: ${(error as Error).message}`);
      }
    }
    return { locale, name, regional, direction: directionOf(locale), messages };
  } catch (error) {
    fault((error as Error).message);
    return null;
  }
}

function leavesOf(group: Record<string, unknown>, prefix = ''): [key: string, text: unknown][] {
  return Object.entries(group).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leavesOf(value as Record<string, unknown>, `${prefix}${name}.`)
      : [[prefix + name, value] as [string, unknown]],
  );
}

function differences(original: Catalogue, { locale, messages }: Catalogue): string[] {
  const missing = [...original.messages.keys()].filter((key) => !messages.has(key));
  return [
    ...missing.map((key) => `${locale}.json: ${key} is missing`),
    ...[...messages].flatMap(([key, message]) => {
      const wanted = original.messages.get(key);
      if (wanted === undefined) return [`${locale}.json: ${key} is not in ${ORIGINAL}.json`];
      const same = parametersAsText(wanted) === parametersAsText(message);
      return same
        ? []
        : [`${locale}.json: ${key} wants (${parametersAsText(wanted)}), not (${parametersAsText(message)})`];
    }),
  ];
}

function parametersAsText({ parameters }: Message): string {
  return [...parameters].map(([name, kind]) => `${name}: ${kind}`).join(', ');
}

/** Every fault of every catalogue, so that they are mended in one go. */
export class CatalogueFaults extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`languages have faults:\n  ${faults.join('\n  ')}`);
    this.name = 'CatalogueFaults';
    this.faults = faults;
  }
}
