import { match } from '@formatjs/intl-localematcher';
import { ENGLISH } from './locales/translate.ts';
import type { Locale } from './locales/translate.ts';

/** 20 languages: more than anyone reads; the header is the visitor's, so its cost is bounded. */
const MAX_LANGUAGES = 20;
const LANGUAGE_TAG = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/;

/** The wishes of an Accept-Language header (RFC 9110 §12.5.4), most wanted first; what is malformed is left out. */
export function parseAcceptLanguage(header: string): string[] {
  return header
    .slice(0, 1000)
    .split(',', MAX_LANGUAGES)
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((text) => text.trim());
      const q = parameters.find((parameter) => /^q=/i.test(parameter));
      return { tag, weight: q === undefined ? 1 : Number.parseFloat(q.slice(2)) };
    })
    .filter(({ tag, weight }) => LANGUAGE_TAG.test(tag) && weight > 0 && weight <= 1)
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag);
}

/**
 * The offered language that suits the wishes best, the most wanted first; `offered[0]` when none does or there are none. Never throws. A
 * wish costs two look-ups, whatever it is: which offered language suits another is found once for each language there is.
 */
export function negotiateLocale(header: string | undefined, offered: readonly Locale[]): Locale {
  const [fallback = ENGLISH] = offered;
  for (const wish of parseAcceptLanguage(header ?? '')) {
    const found = lookedUp(wish.toLowerCase(), offered) ?? suitable(wish.slice(0, 3).split('-')[0] ?? '', offered);
    if (found !== null) return found;
  }
  return fallback;
}

/** RFC 4647 §3.4: the tag itself, or what is left of it when its last subtags are taken away. */
function lookedUp(wish: string, offered: readonly Locale[]): Locale | null {
  for (let tag = wish; tag !== ''; tag = tag.slice(0, Math.max(0, tag.lastIndexOf('-')))) {
    const found = offered.find((locale) => locale.toLowerCase() === tag);
    if (found !== undefined) return found;
  }
  return null;
}

/** By the offered languages: which of them suits each two-letter language (ISO 639-1), such as Danish for Norwegian, by CLDR's distances. */
const suitableTables = new WeakMap<readonly Locale[], ReadonlyMap<string, Locale>>();

function suitable(language: string, offered: readonly Locale[]): Locale | null {
  let table = suitableTables.get(offered);
  if (table === undefined) {
    table = tableOf(offered);
    suitableTables.set(offered, table);
  }
  return table.get(language.toLowerCase()) ?? null;
}

function tableOf(offered: readonly Locale[]): ReadonlyMap<string, Locale> {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const languages = [...letters].flatMap((one) => [...letters].map((other) => one + other));
  const nothing = 'zxx'; // "no linguistic content": never offered
  return new Map(
    languages.flatMap((language) => {
      if (!isKnown(language)) return [];
      try {
        const found = match([language], offered, nothing);
        return found === nothing ? [] : [[language, found as Locale] as const];
      } catch {
        return []; // the matcher throws on tags that it does not know
      }
    }),
  );
}

function isKnown(language: string): boolean {
  return new Intl.DisplayNames('en', { type: 'language', fallback: 'none' }).of(language) !== undefined;
}
