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

/** The offered language that suits the wishes best; `offered[0]` when none does or there are none. Never throws. */
export function negotiateLocale(header: string | undefined, offered: readonly Locale[]): Locale {
  const [fallback = ENGLISH] = offered;
  const wishes = parseAcceptLanguage(header ?? '').flatMap((tag) => {
    try {
      return Intl.getCanonicalLocales(tag);
    } catch {
      return []; // well-formed to the eye, yet no language tag
    }
  });
  if (wishes.length === 0) return fallback;
  try {
    return match(wishes, offered, fallback) as Locale;
  } catch {
    return fallback; // the matcher throws on tags that it does not know (stack.md section 4)
  }
}
