/**
 * `npm run load`: the appliance under load by k6, beside a bare page.
 *
 *   npm run load                                        every journey, 2 readers each, a minute
 *   npm run load -- journeys view seal --seconds 20
 *   npm run load -- soak --minutes 10 --readers 500     no error, memory flat, nothing left open
 *   npm run load -- steps view --seconds 15             where more readers bring no more, and what is full there
 *
 * Ends with 1 where a threshold is missed. Linux only: it reads /proc.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { inTemporaryDirectory } from '../bench/portal-process.ts';
import { startHouse } from './house.ts';
import { k6Path } from './k6.ts';
import { runJourneys } from './run-journeys.ts';
import { runSoak } from './run-soak.ts';
import { runSteps } from './run-steps.ts';
import type { Run } from './run.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    minutes: { type: 'string' },
    readers: { type: 'string' },
    visit: { type: 'string' },
  },
});
const [mode = 'journeys', ...journeys] = positionals;
const runs = { journeys: runJourneys, soak: runSoak, steps: runSteps };

function number(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) === 0) throw new Error(`not a number above 0: ${text}`);
  return Number(text);
}

function k6(): string {
  if (k6Path() === null)
    spawnSync(process.execPath, [join(import.meta.dirname, '..', 'judges', 'tools.mjs'), 'k6'], { stdio: 'inherit' });
  const path = k6Path();
  if (path === null) throw new Error('there is no k6, and none could be built: name one by SEGL_K6');
  return path;
}

if (!(mode in runs)) throw new Error(`no such run: ${mode}; there are ${Object.keys(runs).join(', ')}`);
const minutes = number(values.minutes);
const wanted = {
  k6: k6(),
  journeys,
  seconds: number(values.seconds) ?? (minutes === null ? null : minutes * 60),
  readers: number(values.readers),
  visitSeconds: number(values.visit),
  say: (text: string) => void process.stdout.write(`${text}\n`),
};
const isWithin = await inTemporaryDirectory(async (directory) => {
  const house = await startHouse(directory);
  try {
    const run: Run = { ...wanted, directory, house };
    return await runs[mode as keyof typeof runs](run);
  } finally {
    await house.stop();
  }
});
process.exitCode = isWithin ? 0 : 1;
