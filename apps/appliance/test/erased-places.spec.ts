import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DATA_FILES } from '#libs/installation';
import { formsOf, ROW_OF, rowOf, rowsOfTable, tracesIn } from './erased-places.ts';

const root = resolve(import.meta.dirname, '../../..');
const place = (name: string, text = '') => ({ name, bytes: Buffer.from(text) });

describe('the table of places that can hold an address', () => {
  it('says of each row who holds it: the search, a test that is there, or that nobody reaches it', () => {
    const rows = rowsOfTable();
    expect(rows.length).toBeGreaterThan(20);
    for (const { place: name, heldBy } of rows) {
      const tests = [...heldBy.matchAll(/`([^`]+\.(?:int-|e2e-)?spec\.ts)`/g)].map(([, path = '']) => path);
      expect([name, tests.filter((path) => !existsSync(join(root, path)))]).toEqual([name, []]);
      const isHeld = heldBy.startsWith('searched') || tests.length > 0 || heldBy === '';
      expect([name, heldBy, isHeld]).toEqual([name, heldBy, true]);
    }
  });

  it('has each row that is searched among the places of the search, and no other', () => {
    const searched = rowsOfTable().filter(({ heldBy }) => heldBy.startsWith('searched'));
    expect(new Set(ROW_OF.map(([, row]) => row))).toEqual(new Set(searched.map(({ place: name }) => name)));
  });

  it('names every file of a data directory', () => {
    const named = rowsOfTable()
      .map(({ place: name }) => name)
      .join('\n');
    for (const file of Object.values(DATA_FILES)) expect(named).toContain(`\`${file}`);
  });
});

describe('a search for somebody', () => {
  it('knows no row for a file, a table or a key that nobody thought of', () => {
    for (const name of [
      'file:data-gateway/cache.sqlite',
      'postgres:public.people',
      'redis:names:anna',
      'told:x /debug',
    ])
      expect([name, rowOf(place(name))]).toEqual([name, null]);
  });

  it('finds a text in every form that it is written in', () => {
    const address = 'botilda@example.org';
    for (const form of formsOf(address)) expect(tracesIn({ name: '', bytes: form }, { address })).toEqual(['address']);
    for (const before of ['', 'x', 'xy', 'xyz']) {
      const text = Buffer.from(`${before}${address}; more`);
      for (const encoding of ['base64', 'base64url', 'hex'] as const)
        expect(tracesIn(place('', text.toString(encoding)), { address })).toEqual(['address']);
    }
    expect(tracesIn(place('', `To: Botilda@Example.ORG`), { address })).toEqual(['address']);
    expect(tracesIn(place('', 'To: matilda@example.org'), { address })).toEqual([]);
  });
});
