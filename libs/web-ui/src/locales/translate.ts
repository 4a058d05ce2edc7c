import { readCatalogues } from './catalogue.ts';
import type { Catalogue } from './catalogue.ts';
import type { Direction } from './direction.ts';
import type english from './en.json';
import type { TextParams } from './message.ts';

/**
 * The tag of a language that this build has a file for. Which those are is known only when the files are read, so the type takes
 * any literal; what comes from outside passes `isLocale`, and `translate` refuses what has no file.
 */
export type Locale = string & { readonly flavour?: 'Locale' };

type KeysOf<Tree> = {
  [Name in keyof Tree & string]: Tree[Name] extends string ? Name : `${Name}.${KeysOf<Tree[Name]>}`;
}[keyof Tree & string];

/** Every text there is, by its path in `en.json`, which gives all others their shape. */
export type TextKey = KeysOf<Omit<typeof english, 'language'>>;

/** Read once, when the process starts: a language with a fault stops it, and so the build, which starts it once. */
const catalogues: ReadonlyMap<string, Catalogue> = new Map(
  readCatalogues(import.meta.dirname).map((catalogue) => [catalogue.locale, catalogue]),
);

/** Each language in its own words, in the order in which they are offered: English, then by their tag. */
export const LANGUAGES: readonly { readonly locale: Locale; readonly name: string }[] = [...catalogues.values()].map(
  ({ locale, name }) => ({ locale, name }),
);

export const LOCALES: readonly Locale[] = LANGUAGES.map(({ locale }) => locale);

/** Spoken where nothing is known of the reader. */
export const ENGLISH: Locale = 'en';

export function isLocale(text: unknown): text is Locale {
  return typeof text === 'string' && catalogues.has(text);
}

export function isTextKey(text: string): text is TextKey {
  return catalogueOf(ENGLISH).messages.has(text);
}

/**
 * A text in a language. Numbers are written as that language writes them; strings go in as they are, so the result is plain
 * text and must still be escaped where it is put into HTML (templates do).
 *
 * @throws TypeError for a parameter that the text needs and was not given, or a key that does not exist
 */
export function translate(locale: Locale, key: TextKey, params: TextParams = {}): string {
  const message = catalogueOf(locale).messages.get(key);
  if (message === undefined) throw new TypeError(`no text "${key}"`);
  return message.fill(params);
}

/** Which way the language is written, for `dir`. */
export function directionOf(locale: Locale): Direction {
  return catalogueOf(locale).direction;
}

/** The tag by whose habits dates and sizes are written in a language. */
export function regionalOf(locale: Locale): string {
  return catalogueOf(locale).regional;
}

/** What `translate` would want for a key, or null when there is no such text. For checks of templates. */
export function parametersOfText(key: string): string[] | null {
  const message = catalogueOf(ENGLISH).messages.get(key);
  return message === undefined ? null : [...message.parameters.keys()];
}

function catalogueOf(locale: Locale): Catalogue {
  const catalogue = catalogues.get(locale);
  if (catalogue === undefined) throw new TypeError(`no language "${locale}"`);
  return catalogue;
}
