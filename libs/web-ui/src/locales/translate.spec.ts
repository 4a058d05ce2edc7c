import { describe, expect, it } from '@jest/globals';
import { directionOf, isLocale, isTextKey, LANGUAGES, parametersOfText, translate } from './translate.ts';

describe('a text', () => {
  it('is found by its path, and filled in', () => {
    expect(translate('en', 'page.sealedBy', { organisation: 'A & B {x}' })).toBe('Sealed message from A & B {x}');
    expect(translate('da', 'page.sealedBy', { organisation: 'A' })).toBe('Forseglet besked fra A');
    expect(isTextKey('page.sealedBy')).toBe(true);
    expect(isTextKey('page')).toBe(false);
    expect(isTextKey('constructor')).toBe(false);
    expect(isTextKey('language.name')).toBe(false);
    expect(parametersOfText('page.sealedBy')).toEqual(['organisation']);
  });

  it('that does not exist, or in a language that does not, is an error', () => {
    expect(() => translate('en', 'page.sealedBy')).toThrow('needs {organisation}');
    expect(() => translate('en', 'page.nowhere' as never)).toThrow('no text "page.nowhere"');
    expect(() => translate('xx', 'page.privacy')).toThrow('no language "xx"');
  });
});

describe('the languages', () => {
  it('name themselves, English first', () => {
    expect(LANGUAGES.slice(0, 2)).toEqual([
      { locale: 'en', name: 'English' },
      { locale: 'da', name: 'Dansk' },
    ]);
    expect(isLocale('da')).toBe(true);
    expect(isLocale('language')).toBe(false);
    expect(directionOf('da')).toBe('ltr');
  });
});
