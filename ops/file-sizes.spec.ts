import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');
const isTest = (path: string) => /\/test(ing)?\/|spec\.ts$/.test(path);
const files = globSync('{apps,libs,ops}/**/*.{ts,mjs,mts}', { cwd: root, exclude: (name) => name === 'node_modules' })
  .map((path) => ({ path, lines: readFileSync(join(root, path), 'utf8').split('\n').length - 1 }))
  .sort((a, b) => a.lines - b.lines);
const sources = files.filter(({ path }) => !isTest(path));
const linesAt = (share: number) => sources[Math.floor((sources.length - 1) * share)]?.lines;

describe('files are read whole', () => {
  it('so none is over 400 lines, tests included', () => {
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter(({ lines }) => lines > 400).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it('and of sources, tests apart, half have 75 lines at most and nine in ten 210', () => {
    expect(linesAt(0.5)).toBeLessThanOrEqual(75);
    expect(linesAt(0.9)).toBeLessThanOrEqual(210);
  });
});
