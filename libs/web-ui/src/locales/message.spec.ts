import { describe, expect, it } from '@jest/globals';
import { Message } from './message.ts';

describe('a message', () => {
  it('puts words in as they are, and writes numbers as its language does', () => {
    expect(Message.parse('Mail from {sender}', 'en').fill({ sender: "{x} <b> ’n’ '{y}'" })).toBe(
      "Mail from {x} <b> ’n’ '{y}'",
    );
    expect(Message.parse('{bytes, number} byte', 'da').fill({ bytes: 12345 })).toBe('12.345 byte');
    expect(Message.parse('{n}', 'da').fill({ n: 12345 })).toBe('12.345');
    expect(Message.parse("<b> isn’t “markup”, don't worry", 'en').fill({})).toBe("<b> isn’t “markup”, don't worry");
  });

  it('that counts has a wording for each category of its language', () => {
    const files = Message.parse('{count, plural, =0 {none} one {# file} other {# files} } of {name}', 'en');
    expect([0, 1, 2].map((count) => files.fill({ count, name: 'A' }))).toEqual([
      'none of A',
      '1 file of A',
      '2 files of A',
    ]);
    expect(files.parameters).toEqual(
      new Map([
        ['count', 'number'],
        ['name', 'words'],
      ]),
    );
    const pliki = Message.parse('{n, plural, one {# plik} few {# pliki} many {# plików} other {# pliku}}', 'pl');
    expect([1, 3, 5, 22, 1.5].map((n) => pliki.fill({ n }))).toEqual([
      '1 plik',
      '3 pliki',
      '5 plików',
      '22 pliki',
      '1,5 pliku',
    ]);
  });

  it('with a gap in it is an error, not half a sentence', () => {
    const text = Message.parse('from {organisation}, {count, plural, one {#} other {#}}', 'en');
    expect(() => text.fill({ count: 1 })).toThrow('needs {organisation}');
    expect(() => text.fill(Object.create({ organisation: 'inherited', count: 1 }) as never)).toThrow(TypeError);
    expect(() => text.fill({ organisation: 'A', count: 'many' })).toThrow('needs a number as {count}');
  });
});

describe('a message from right to left', () => {
  it('keeps the direction of the words put into it', () => {
    expect(Message.parse('אל {host}!', 'he').fill({ host: 'portal.example' })).toBe('אל \u2068portal.example\u2069!');
    expect(Message.parse('{n, number}', 'he').fill({ n: 7 })).toBe('7');
  });
});

describe('what is no message', () => {
  it.each([
    ['en', 'Hello {name', 'EXPECT_ARGUMENT_CLOSING_BRACE'],
    ['en', '{n, plural, one {# file}}', 'MISSING_OTHER_CLAUSE'],
    ['pl', '{n, plural, one {#} other {#}}', '{n} lacks the plural form "few"; {n} lacks the plural form "many"'],
    ['da', '{n, plural, one {#} few {#} other {#}}', '{n} has the plural form "few", which da does not know'],
    ['en', '{n, plural, offset:1 one {#} other {#}}', '{n} counts from an offset'],
    ['en', '{at, date}', 'only {name}, {name, number} and {name, plural, …}'],
    ['en', '{who, select, her {she} other {they}}', 'only {name}, {name, number} and {name, plural, …}'],
    ['en', '{n, number, percent}', 'without a style'],
    ['en', '{n} {n, plural, one {#} other {#}}', '{n} is both words and a number'],
  ])('%s: %s', (locale, source, fault) => {
    expect(() => Message.parse(source, locale)).toThrow(fault);
  });
});
