/** Builds both apps into ./dist: types are checked, code is joined (bundle.mjs), templates and other assets are copied, `segl` is put where npx finds it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle, copyAssets } from './bundle.mjs';

const root = resolve(import.meta.dirname, '..');
function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run(join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json');
const dist = join(root, 'dist');
await bundle(join(dist, 'compiled'), dist);
copyAssets(root, dist);

// Every template is compiled and checked now: a missing text or partial fails the build, not a reader's page.
run(
  '--input-type=module',
  '-e',
  "const { ViewEngine } = await import('./dist/libs/web-ui/src/index.js'); new ViewEngine();",
);

const segl = join(dist, 'apps', 'operator', 'main.js');
chmodSync(segl, 0o755);
const link = join(root, 'node_modules', '.bin', 'segl');
rmSync(link, { force: true });
symlinkSync(segl, link);
