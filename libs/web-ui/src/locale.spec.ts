import { describe, expect, it } from '@jest/globals';
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

  it('costs little for wishes that nobody has: less than ten times what reading them costs', () => {
    const offered = ['en', 'da'] as const;
    const tags = Array.from({ length: 200 }, (_, at) =>
      Array.from(
        { length: 20 },
        (_, place) =>
          `q${String.fromCharCode(97 + ((at * 7 + place) % 26))}${at % 10}`.slice(0, 2) + `-${1000 + at * 20 + place}`,
      ).join(','),
    );
    negotiateLocale('xx', offered);
    const time = (work: (header: string) => unknown) => {
      const begun = performance.now();
      for (const header of tags) work(header);
      return performance.now() - begun;
    };
    // The shortest of many short turns, taken one beside the other: one in which nobody else had the processor.
    const least = { negotiated: Infinity, parsed: Infinity };
    for (let turn = 0; turn < 40; turn++) {
      least.negotiated = Math.min(
        least.negotiated,
        time((header) => negotiateLocale(header, offered)),
      );
      least.parsed = Math.min(least.parsed, time(parseAcceptLanguage));
    }
    expect(least.negotiated / least.parsed).toBeLessThan(10);
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
