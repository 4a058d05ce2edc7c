import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const module = pathToFileURL(join(import.meta.dirname, 'young-generation.ts')).href;

/** Mebibytes of new space in a process of its own that makes much, keeps a third of it, and has turns in between. */
function grown(first: string): number {
  const script = `
    ${first}
    const { getHeapSpaceStatistics } = await import('node:v8');
    const kept = [];
    for (let turn = 0; turn < 120; turn++) {
      for (let at = 0; at < 20_000; at++) { const made = { at, more: [at, at] }; if (at % 3 === 0) kept.push(made); }
      await new Promise((resume) => setTimeout(resume));
    }
    const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    console.log(space_size / 1048576);`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

it('keeps the young generation of the process small, and lets it grow that far', () => {
  const bounded = grown(`(await import('${module}')).boundYoungGeneration();`);
  expect(grown('')).toBeGreaterThan(64);
  expect(bounded).toBeLessThanOrEqual(32); // 16, and one doubling before the observer is asked
  expect(bounded).toBeGreaterThan(8);
});
