export { isLocale, isTextKey, LANGUAGES, LOCALES, translate, type Locale, type TextKey } from './locales/translate.ts';
export type { TextParams } from './locales/texts.ts';
