import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, TYPE } from '@formatjs/icu-messageformat-parser';
import type { MessageFormatElement } from '@formatjs/icu-messageformat-parser';

const LETTERS = [...'ابتثجحخدذرزسشصضطظعغفقكلمنه'];

/**
 * A language that nobody speaks, made from the English texts: every letter becomes an Arabic one, every text is a third longer and
 * stands in ⟦ ⟧, so that a text which is not from the file, or does not fit, is seen. Parameters and plural forms are those of
 * the tag.
 * @returns the content of its file
 */
export function pseudoLanguage(tag: string, name: string): string {
  const english = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'locales', 'en.json'), 'utf8')) as object;
  const { language: _, ...groups } = english as Record<string, unknown>;
  return JSON.stringify({ language: { name, regional: tag }, ...(pseudoTexts(groups, tag) as object) });
}

function pseudoTexts(node: unknown, tag: string): unknown {
  if (typeof node === 'string') return `⟦${pseudoText(parse(node, { ignoreTag: true }), tag)}${padding(node)}⟧`;
  return Object.fromEntries(Object.entries(node as object).map(([key, value]) => [key, pseudoTexts(value, tag)]));
}

function pseudoText(elements: readonly MessageFormatElement[], tag: string): string {
  const parts = elements.map((element) => {
    switch (element.type) {
      case TYPE.literal:
        return element.value.replace(/[a-z]/gi, (letter) => LETTERS[letter.toLowerCase().charCodeAt(0) - 97] ?? letter);
      case TYPE.pound:
        return '#';
      case TYPE.number:
        return `{${element.value}, number}`;
      case TYPE.plural: {
        const other = pseudoText(element.options['other']?.value ?? [], tag);
        const { pluralCategories } = new Intl.PluralRules(tag).resolvedOptions();
        return `{${element.value}, plural, ${pluralCategories.map((category) => `${category} {${other}}`).join(' ')}}`;
      }
      case TYPE.argument:
        return `{${element.value}}`;
      default:
        throw new TypeError('a kind of parameter that no text has');
    }
  });
  return parts.join('');
}

/** Translations are longer than English: a third, at least where texts are long. */
function padding(text: string): string {
  return ' لهذا'.repeat(Math.ceil(text.length / 15));
}
