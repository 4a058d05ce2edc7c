import { parse, TYPE } from '@formatjs/icu-messageformat-parser';
import type { MessageFormatElement, PluralElement } from '@formatjs/icu-messageformat-parser';
import { IntlMessageFormat } from 'intl-messageformat';
import { directionOf } from './direction.ts';

export type TextParams = { readonly [name: string]: string | number };

/** What a parameter stands for: words that go in as they are, or a number that is counted or written as its language does. */
export type ParameterKind = 'words' | 'number';

/**
 * One text in ICU MessageFormat: `{name}` for words, `{count, number}` for a number, and
 * `{count, plural, one {# file} other {# files}}` for wordings by number. Parsed once, when its catalogue is read.
 * Everything else of that format (dates, choices, markup) is refused: a date without its zone is a guess, and markup belongs
 * to templates.
 */
export class Message {
  readonly source: string;
  private readonly format: string | readonly Piece[] | IntlMessageFormat;
  private readonly numbers: Intl.NumberFormat;
  private readonly isolates: boolean;
  /** In alphabetical order. */
  readonly parameters: ReadonlyMap<string, ParameterKind>;

  private constructor(
    source: string,
    parameters: Map<string, ParameterKind>,
    format: string | readonly Piece[] | IntlMessageFormat,
    numbers: Intl.NumberFormat,
    isolates: boolean,
  ) {
    this.source = source;
    this.format = format;
    this.numbers = numbers;
    this.isolates = isolates;
    this.parameters = new Map([...parameters].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** @throws SyntaxError naming what is wrong: bad syntax, a kind of parameter that is not used here, plural forms that the language has not or lacks */
  static parse(source: string, locale: string): Message {
    const elements = parse(source, { ignoreTag: true, requiresOtherClause: true });
    const parameters = new Map<string, ParameterKind>();
    const faults = faultsOf(elements, locale, parameters);
    if (faults.length > 0) throw new SyntaxError(faults.join('; '));
    const format = wordsOf(elements) ?? new IntlMessageFormat(elements, locale, undefined, { ignoreTag: true });
    return new Message(source, parameters, format, new Intl.NumberFormat(locale), directionOf(locale) === 'rtl');
  }

  /** @throws TypeError for a parameter that the text needs and was not given: half a sentence is worse than an error in a test */
  fill(params: TextParams): string {
    if (typeof this.format === 'string') return this.format;
    const values: Record<string, string | number> = {};
    for (const [name, kind] of this.parameters) {
      const value = Object.hasOwn(params, name) ? params[name] : undefined;
      if (value === undefined) throw new TypeError(`the text "${this.source}" needs {${name}}`);
      if (kind === 'number' && typeof value !== 'number')
        throw new TypeError(`the text "${this.source}" needs a number as {${name}}`);
      if (kind === 'number') values[name] = value;
      else values[name] = this.isolated(typeof value === 'number' ? this.numbers.format(value) : value);
    }
    if (this.format instanceof IntlMessageFormat) return String(this.format.format(values));
    let text = '';
    for (const piece of this.format) text += typeof piece === 'string' ? piece : String(values[piece.name]);
    return text;
  }

  /** In a language written from right to left, an address within a sentence keeps its own direction (Unicode TR9, FSI and PDI). */
  private isolated(words: string): string {
    return this.isolates ? `\u2068${words}\u2069` : words;
  }
}

/** Words as they are, or a gap for words. */
type Piece = string | { readonly name: string };

/** Of a text that counts nothing, as most are: it takes no formatter, and without a gap it is there already. Null for any other. */
function wordsOf(elements: readonly MessageFormatElement[]): string | Piece[] | null {
  const pieces: Piece[] = [];
  for (const element of elements) {
    if (element.type === TYPE.literal) pieces.push(element.value);
    else if (element.type === TYPE.argument) pieces.push({ name: element.value });
    else return null;
  }
  return pieces.every((piece) => typeof piece === 'string') ? pieces.join('') : pieces;
}

/** One line for each fault, and the parameters written into `found`. */
function faultsOf(
  elements: readonly MessageFormatElement[],
  locale: string,
  found: Map<string, ParameterKind>,
): string[] {
  return elements.flatMap((element) => {
    switch (element.type) {
      case TYPE.literal:
      case TYPE.pound:
        return [];
      case TYPE.argument:
        return note(found, element.value, 'words');
      case TYPE.number:
        if (element.style != null)
          return [`{${element.value}} is a number of the language's own form, without a style`];
        return note(found, element.value, 'number');
      case TYPE.plural:
        return [
          ...note(found, element.value, 'number'),
          ...categoryFaults(element, locale),
          ...Object.values(element.options).flatMap((option) => faultsOf(option.value, locale, found)),
        ];
      default:
        return ['only {name}, {name, number} and {name, plural, …} can stand in a text'];
    }
  });
}

function note(found: Map<string, ParameterKind>, name: string, kind: ParameterKind): string[] {
  const known = found.get(name);
  found.set(name, kind);
  return known === undefined || known === kind ? [] : [`{${name}} is both words and a number`];
}

/** Every category that the language has (CLDR) and no other; `=0` and the like may stand beside them. */
function categoryFaults({ value, options, pluralType, offset }: PluralElement, locale: string): string[] {
  const type = pluralType ?? 'cardinal';
  const wanted: readonly string[] = new Intl.PluralRules(locale, { type }).resolvedOptions().pluralCategories;
  const given = Object.keys(options).filter((category) => !/^=\d+$/.test(category));
  return [
    ...given
      .filter((category) => !wanted.includes(category))
      .map((category) => `{${value}} has the plural form "${category}", which ${locale} does not know`),
    ...wanted
      .filter((category) => !given.includes(category))
      .map((category) => `{${value}} lacks the plural form "${category}"`),
    ...(offset === 0 ? [] : [`{${value}} counts from an offset`]),
  ];
}
