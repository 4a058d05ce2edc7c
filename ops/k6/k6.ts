import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolPath } from '../judges/tools.mjs';
import type { LoadSettings } from './scripts/settings.ts';

/** The part of k6's summary that is read here. */
export interface Summary {
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly values: Readonly<Record<string, number>>;
        readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
      }
    >
  >;
}

/** Where k6 is: `SEGL_K6`, else what `npm run load` built once, else the machine's own; null where there is none. */
export function k6Path(): string | null {
  const own = process.env.SEGL_K6 ?? toolPath('k6');
  if (own !== null) return own;
  return spawnSync('k6', ['version']).status === 0 ? 'k6' : null;
}

/** @param script a file in scripts/ @throws Error when k6 could not run it; thresholds that were missed stand in the summary */
export async function runK6(k6: string, script: string, settings: LoadSettings): Promise<Summary> {
  const child = spawn(
    k6,
    ['run', '--quiet', '--no-usage-report', '--log-format', 'raw', join(import.meta.dirname, 'scripts', script)],
    {
      // K6_OUT=csv=<file> has every single figure.
      env: { ...process.env, SEGL_LOAD: JSON.stringify(settings) },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const stop = () => child.kill('SIGINT');
  process.once('SIGINT', stop);
  const code = await new Promise<number | null>((resolve, reject) => child.once('exit', resolve).once('error', reject));
  process.off('SIGINT', stop);
  if (code !== 0 && code !== MISSED_THRESHOLDS) throw new Error(`k6 ended with ${code}`);
  return JSON.parse(readFileSync(settings.summaryFile, 'utf8'));
}

/** k6's errext/exitcodes: ThresholdsHaveFailed. */
const MISSED_THRESHOLDS = 99;
