import { describe, expect, it } from '@jest/globals';
import { fill, flatten, parametersOf, plural } from './texts.ts';
import { catalogueFaults, isTextKey, parametersOfText, translate } from './translate.ts';

describe('the catalogues', () => {
  it('say everything in every language, with the same parameters', () => {
    expect(catalogueFaults()).toEqual([]);
  });
});

describe('a text', () => {
  it('is found by its path, and filled in', () => {
    expect(translate('en', 'page.sealedBy', { organisation: 'A & B {x}' })).toBe('Sealed mail from A & B {x}');
    expect(translate('da', 'page.sealedBy', { organisation: 'A' })).toBe('Forseglet post fra A');
    expect(isTextKey('page.sealedBy')).toBe(true);
    expect(isTextKey('page')).toBe(false);
    expect(isTextKey('constructor')).toBe(false);
    expect(parametersOfText('page.sealedBy')).toEqual(['organisation']);
  });

  it('with a gap in it is an error, not half a sentence', () => {
    expect(() => translate('en', 'page.sealedBy')).toThrow('needs {organisation}');
    expect(() => translate('en', 'page.sealedBy', Object.create({ organisation: 'inherited' }) as never)).toThrow(
      TypeError,
    );
    expect(() => translate('en', 'page.nowhere' as never)).toThrow('no text "page.nowhere"');
  });

  it('writes numbers as its language does', () => {
    expect(fill('{n}', { n: 12345 }, (value) => new Intl.NumberFormat('da').format(value))).toBe('12.345');
  });

  it('that counts has a wording for each category', () => {
    const text = plural('count', { one: '{count} file', other: '{count} files' });
    expect(parametersOf(text)).toEqual(['count']);
    expect([...flatten({ a: { b: text, c: 'C' } })]).toEqual([
      ['a.b', text],
      ['a.c', 'C'],
    ]);
  });
});
