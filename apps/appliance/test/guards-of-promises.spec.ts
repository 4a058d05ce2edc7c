import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..', '..', '..');

/** Promise → the paths from the root that its row names as what guards it. */
const guards = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, promise, cell] = /^\| (\d+) [^|]+\| ([^|]+) \|$/.exec(line) ?? [];
    return promise === undefined || cell === undefined ? [] : [{ promise: Number(promise), paths: pathsIn(cell) }];
  });

/** What has no folder lies where the one before it does; what has no ending is a story. */
function pathsIn(cell: string): string[] {
  let folder = '';
  return [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) => {
    if (name.includes('/')) folder = name.slice(0, name.lastIndexOf('/') + 1);
    if (name.includes('/')) return [name];
    if (name.endsWith('.ts')) return [folder + name];
    return name.includes('-') ? [`apps/appliance/test/${name}.e2e-spec.ts`] : [];
  });
}

describe('what guards each promise', () => {
  it('is named for each of the ten', () => {
    expect(guards.map(({ promise }) => promise)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const { promise, paths } of guards) expect([promise, paths.length > 1]).toEqual([promise, true]);
  });

  it('is there', () => {
    const missing = guards.flatMap(({ promise, paths }) =>
      paths.filter((path) => globSync(path, { cwd: root }).length === 0).map((path) => [promise, path]),
    );
    expect(missing).toEqual([]);
  });
});
