import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { negotiateLocale, parseAcceptLanguage } from './locale.ts';

describe('the language of a reader', () => {
  it.each([
    ['da', 'da'],
    ['da-DK', 'da'],
    ['en-US,en;q=0.9,da;q=0.8', 'en'],
    ['de,da;q=0.5', 'da'],
    ['en;q=0.1, da;q=0.2', 'da'],
    ['da;q=0, en;q=0.1', 'en'],
    ['fr-FR, *;q=0.5', 'en'],
    ['*', 'en'],
    ['', 'en'],
    [undefined, 'en'],
    ['x-klingon', 'en'],
    ['i-default, da', 'da'],
    ['da_DK', 'en'],
  ])('%p is answered in %s', (header, locale) => {
    expect(negotiateLocale(header, ['en', 'da'])).toBe(locale);
  });

  it('is the organisation’s first when nothing fits', () => {
    expect(negotiateLocale('fr', ['da', 'en'])).toBe('da');
  });

  it('is one that its readers mostly read, where theirs is not there', () => {
    expect(negotiateLocale('nb-NO', ['en', 'da'])).toBe('da');
    expect(negotiateLocale('sv, fo', ['en', 'da'])).toBe('da');
    expect(negotiateLocale('zz', ['en', 'da'])).toBe('en');
  });

  it('costs little for wishes that nobody has: languages are compared once for an organisation, whoever asks', () => {
    const comparing = jest.spyOn(Intl, 'getCanonicalLocales');
    const offered = ['en', 'da'] as const;
    expect(negotiateLocale('nb', offered)).toBe('da');
    expect(comparing).toHaveBeenCalled(); // the matcher cannot do without it
    comparing.mockClear();
    for (let at = 0; at < 200; at++) {
      const wishes = Array.from(
        { length: 20 },
        (_, place) => `${at % 2 === 0 ? 'qx' : 'nb'}-${1000 + at * 20 + place}`,
      );
      expect(negotiateLocale(wishes.join(','), offered)).toBe(at % 2 === 0 ? 'en' : 'da');
    }
    expect(comparing).not.toHaveBeenCalled();
    comparing.mockRestore();
  });

  it('costs and throws nothing whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 3000 }),
          fc.string({ unit: fc.constantFrom(...'da-en,;q=0.1* '), maxLength: 400 }),
        ),
        (header) => {
          expect(['en', 'da']).toContain(negotiateLocale(header, ['en', 'da']));
          expect(parseAcceptLanguage(header).length).toBeLessThanOrEqual(20);
        },
      ),
      { numRuns: 300 },
    );
  });
});
