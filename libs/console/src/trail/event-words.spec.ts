import { describe, expect, it } from '@jest/globals';
import { AUDITED_TYPES, eventCatalogue } from '#libs/audit';
import { frozenEvents } from '#libs/audit/testing';
import { labelOf, titleOf } from './event-words.ts';

const descriptors = eventCatalogue.descriptors
  .flatMap(({ events }) => Object.entries(events))
  .filter(([type]) => AUDITED_TYPES.includes(type));

/** Names of fields, without the path to them. */
function namesIn(value: unknown, name = ''): string[] {
  if (typeof value !== 'object' || value === null) return [name];
  if (Array.isArray(value)) return value.flatMap((one) => namesIn(one, name));
  return Object.entries(value).flatMap(([within, one]) => namesIn(one, within));
}

describe('the words of the console', () => {
  it.each(AUDITED_TYPES)('have a title for %s', (type) => {
    expect(titleOf(type)).not.toBe('console.events.other');
  });

  it.each(descriptors)('have one for each field that the descriptor of %s names', (_, descriptor) => {
    const { persons, encrypted, messages, facts, words } = descriptor;
    const paths = [persons, encrypted, messages].flatMap((fields) => Object.keys(fields));
    const named = Object.values(facts).filter((field) => typeof field === 'string');
    const fields = [...paths, ...named, ...words].map((path) => path.split('.').at(-1) ?? '');
    expect(fields.filter((field) => labelOf(field) === null)).toEqual([]);
  });

  it.each(frozenEvents().filter(({ type }) => AUDITED_TYPES.includes(type)))(
    'have one for each field that a sample of $type holds',
    ({ data }) => {
      const fields = namesIn(data).filter((field) => !field.endsWith('Sha256'));
      expect(fields.filter((field) => labelOf(field) === null)).toEqual([]);
    },
  );
});
