/** Builds both apps into ./dist: types are checked, code is joined (bundle.mjs), assets are copied, templates are compiled, `segl` is put where npx finds it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle, compileTemplates, copyAssets } from './bundle.mjs';

const root = resolve(import.meta.dirname, '..');
function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run(join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json');
const dist = join(root, 'dist');
await bundle(join(dist, 'compiled'), dist);
copyAssets(root, dist);
await compileTemplates(root, dist);

const segl = join(dist, 'apps', 'operator', 'main.js');
chmodSync(segl, 0o755);
const link = join(root, 'node_modules', '.bin', 'segl');
rmSync(link, { force: true });
symlinkSync(segl, link);
