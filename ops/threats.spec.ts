import { globSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');
const threats = readFileSync(join(root, 'ops/threats.md'), 'utf8');
const rows = threats.split('\n').flatMap((line) => {
  const [, id, threat, stops, tests] = /^\| (A\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/.exec(line) ?? [];
  return id === undefined ? [] : [{ id, threat, stops, tests: testsOf(tests ?? '') }];
});

/** A name without a folder lies in the folder of the one before it. */
function testsOf(cell: string): string[] {
  let folder = '';
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => {
    if (name.includes('/')) folder = name.slice(0, name.lastIndexOf('/') + 1);
    const path = name.includes('/') ? name : folder + name;
    return path.startsWith('apps/') ? path : `libs/${path}`;
  });
}

describe('the threat model', () => {
  it('has each threat once, in order', () => {
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: rows.length }, (_, at) => `A${at + 1}`));
  });

  it.each(rows)('names tests of $id that exist', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const path of tests) expect([path, existsSync(join(root, path))]).toEqual([path, true]);
  });

  it('has a row for whatever the code cites, and the code cites no document outside this repository', () => {
    const known = new Set([...rows.map(({ id }) => id), 'B']);
    const files = globSync(['apps/**/*.{ts,md}', 'libs/**/*.{ts,md}', 'ops/**/*.{ts,md}', '*.md'], { cwd: root });
    for (const file of files.filter((path) => !path.includes('node_modules') && path !== 'ops/threats.spec.ts')) {
      const text = readFileSync(join(root, file), 'utf8');
      expect([file, text.match(/(?<![-\w])security\.md|shared\/reference/g)]).toEqual([file, null]);
      for (const [, cited = ''] of text.matchAll(/threats\.md ([AB]\d*)/g))
        expect([file, cited, known.has(cited)]).toEqual([file, cited, true]);
    }
  });
});
