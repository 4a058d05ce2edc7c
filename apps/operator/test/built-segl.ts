import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/**
 * The command line as it was built, which starts in a third of the processor time that it takes from source: for tests that start it two
 * dozen times. `npm test` builds before it tests; a single test run by hand builds when nothing is there.
 */
export function builtSegl(): string {
  const main = join(root, 'dist/apps/operator/main.js');
  if (existsSync(main)) return main;
  const { status } = spawnSync(process.execPath, [join(root, 'ops/build.mjs')], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed');
  return main;
}
