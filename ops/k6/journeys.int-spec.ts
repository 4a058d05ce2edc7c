import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { inTemporaryDirectory } from '../bench/portal-process.ts';
import { startHouse } from './house.ts';
import { k6Path } from './k6.ts';
import { measureJourneys } from './run-journeys.ts';
import { MOST_BARE_PAGES } from './thresholds.ts';

const k6 = k6Path() ?? '';
const withK6 = k6 === '' ? describe.skip : describe;
const journeys = Object.keys(MOST_BARE_PAGES);
const PATIENCE_MS = 240_000;

it('each journey has a file, a place in the list and a threshold', () => {
  const files = globSync('journeys/*.ts', { cwd: import.meta.dirname }).map((file) => basename(file, '.ts'));
  expect(files.filter((name) => !['index', 'journey'].includes(name)).sort()).toEqual([...journeys].sort());
  const list = readFileSync(join(import.meta.dirname, 'journeys', 'index.ts'), 'utf8');
  expect([...list.matchAll(/^ {2}'?([\w-]+)'?: \w+,$/gm)].map(([, name]) => name)).toEqual(journeys);
});

it('k6 is no part of the product: it stands in no package.json', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(names.filter((name) => /(^|\/)k6$/.test(name))).toEqual(['@types/k6']); // its types are MIT, and not of its makers
});

withK6('k6 (skipped where there is none: `npm run load` builds it once)', () => {
  it.each(['rounds.ts', 'visits.ts'])('reads %s', (script) => {
    const settings = { journeys, readers: 2, seconds: 10, readySeconds: 0, visitSeconds: 10 };
    const { status, stdout, stderr } = spawnSync(
      k6,
      ['inspect', '--include-system-env-vars', join(import.meta.dirname, 'scripts', script)],
      {
        env: { PATH: process.env.PATH, HOME: process.env.HOME, SEGL_LOAD: JSON.stringify(settings) },
        encoding: 'utf8',
      },
    );
    expect([status, stderr]).toEqual([0, '']);
    const { scenarios } = JSON.parse(stdout) as { scenarios: object };
    expect(Object.keys(scenarios).sort()).toEqual(script === 'rounds.ts' ? [...journeys].sort() : ['visit']);
  });

  it(
    'goes every journey of two readers for ten seconds without an error',
    async () => {
      const { lines } = await inTemporaryDirectory(async (directory) => {
        const house = await startHouse(directory);
        try {
          const asked = { journeys: [], seconds: 10, readers: 2, visitSeconds: null };
          return await measureJourneys({ ...asked, k6, house, directory, say: () => undefined });
        } finally {
          await house.stop();
        }
      });
      expect(lines.map(({ journey, errors, turnedAway }) => ({ journey, errors, turnedAway }))).toEqual(
        journeys.map((journey) => ({ journey, errors: 0, turnedAway: 0 })),
      );
      expect(lines.filter(({ rounds }) => rounds === 0)).toEqual([]);
    },
    PATIENCE_MS,
  );
});
