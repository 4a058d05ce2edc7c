import { da } from './da/index.ts';
import { en } from './en/index.ts';
import { fill, flatten, type KeysOf, parametersOf, PluralText, type TextParams } from './texts.ts';

export type Locale = 'en' | 'da';

/** Every text there is, by its path in the English catalogue, which gives all others their shape. */
export type TextKey = KeysOf<typeof en>;

/** Each language in its own words, in the order in which they are offered. */
export const LANGUAGES: readonly { readonly locale: Locale; readonly name: string }[] = [
  { locale: 'en', name: 'English' },
  { locale: 'da', name: 'Dansk' },
];

export const LOCALES: readonly Locale[] = LANGUAGES.map(({ locale }) => locale);

const catalogues = { en: flatten(en), da: flatten(da) } satisfies Record<Locale, unknown>;
const plurals = { en: new Intl.PluralRules('en'), da: new Intl.PluralRules('da') } satisfies Record<Locale, unknown>;
const numbers = { en: new Intl.NumberFormat('en'), da: new Intl.NumberFormat('da') } satisfies Record<Locale, unknown>;

export function isLocale(text: unknown): text is Locale {
  return LOCALES.includes(text as Locale);
}

export function isTextKey(text: string): text is TextKey {
  return catalogues.en.has(text);
}

/**
 * A text in a language. Numbers are written as that language writes them; strings go in as they are, so the result is plain
 * text and must still be escaped where it is put into HTML (templates do).
 *
 * @throws TypeError for a parameter that the text needs and was not given, or a key that does not exist
 */
export function translate(locale: Locale, key: TextKey, params: TextParams = {}): string {
  const text = catalogues[locale].get(key);
  if (text === undefined) throw new TypeError(`no text "${key}"`);
  const format = (value: number) => numbers[locale].format(value);
  if (typeof text === 'string') return fill(text, params, format);
  const count = params[text.by];
  if (typeof count !== 'number') throw new TypeError(`the text "${key}" needs the number {${text.by}}`);
  return fill(text.forms[plurals[locale].select(count)] ?? text.forms.other, params, format);
}

/** What `translate` would want for a key, or null when there is no such text. For checks of templates. */
export function parametersOfText(key: string): string[] | null {
  const text = catalogues.en.get(key);
  return text === undefined ? null : parametersOf(text);
}

/** Keys whose parameters differ between the languages: a catalogue fault that types cannot see. */
export function catalogueFaults(): string[] {
  const faults: string[] = [];
  for (const locale of LOCALES) {
    for (const [key, text] of catalogues[locale]) {
      const original = catalogues.en.get(key);
      if (original === undefined) faults.push(`${locale}: ${key} is not in the English catalogue`);
      else if (parametersOf(original).join() !== parametersOf(text).join())
        faults.push(`${locale}: ${key} has other parameters`);
      if (original instanceof PluralText !== text instanceof PluralText)
        faults.push(`${locale}: ${key} counts differently`);
      const wordings = typeof text === 'string' ? [text] : Object.values(text.forms);
      if (wordings.some((wording) => wording.trim() === '')) faults.push(`${locale}: ${key} is empty`);
    }
  }
  return faults;
}
