import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CatalogueFaults, readCatalogues } from './catalogue.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'segl-languages-'));
  language('en', english);
});
afterEach(() => rmSync(directory, { recursive: true }));

const english = {
  language: { name: 'English', regional: 'en-GB' },
  page: { from: 'Mail from {sender}', files: '{count, plural, one {# file} other {# files}}' },
};
const danish = {
  language: { name: 'Dansk', regional: 'da-DK' },
  page: { from: 'Mail fra {sender}', files: '{count, plural, one {# fil} other {# filer}}' },
};

function language(tag: string, content: object | string) {
  writeFileSync(join(directory, `${tag}.json`), typeof content === 'string' ? content : JSON.stringify(content));
}

function faults(): readonly string[] {
  try {
    readCatalogues(directory);
    return [];
  } catch (error) {
    if (error instanceof CatalogueFaults) return error.faults;
    throw error;
  }
}

describe('the languages of a directory', () => {
  it('are its files, English first, each with its own name and direction', () => {
    language('da', danish);
    language('ar', {
      language: { name: 'العربية', regional: 'ar' },
      page: {
        from: '{sender}',
        files: '{count, plural, zero {#} one {#} two {#} few {#} many {#} other {#}}',
      },
    });
    expect(readCatalogues(directory).map(({ locale, name, direction }) => [locale, name, direction])).toEqual([
      ['en', 'English', 'ltr'],
      ['ar', 'العربية', 'rtl'],
      ['da', 'Dansk', 'ltr'],
    ]);
  });

  it('are refused with every fault of every file at once', () => {
    language('da', { ...danish, page: { from: 'Mail fra {afsender}', extra: 'for meget', files: ' ' } });
    language('sv', {
      language: { name: 'Svenska', regional: 'sv-SE' },
      page: { from: 'Brev {sender}', files: '{count}' },
    });
    language('de', '{ "page": ');
    language('nb_NO', danish);
    language('fi', { ...danish, language: { name: 'Suomi', regional: 'da-DK' } });
    expect(faults()).toEqual([
      'da.json: page.files: is empty, or no text',
      expect.stringMatching(/^de\.json: .*JSON/),
      'fi.json: language.regional is a tag of the same language, such as en-GB',
      expect.stringMatching(/^nb_NO\.json: /),
      'da.json: page.files is missing',
      'da.json: page.from wants (sender: words), not (afsender: words)',
      'da.json: page.extra is not in en.json',
      'sv.json: page.files wants (count: number), not (count: words)',
    ]);
  });

  it('are refused without English, which gives the others their keys', () => {
    rmSync(join(directory, 'en.json'));
    expect(faults()).toEqual(['there is no en.json']);
  });
});
