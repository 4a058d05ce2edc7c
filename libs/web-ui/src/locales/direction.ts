export type Direction = 'ltr' | 'rtl';

/** Which way a language is written: from the locale data of the platform (Unicode CLDR), which TypeScript's types do not list yet. */
export function directionOf(locale: string): Direction {
  return (new Intl.Locale(locale) as Intl.Locale & { getTextInfo(): { direction: Direction } }).getTextInfo().direction;
}
