/** Builds both apps into ./dist: types are checked, code is joined (bundle.mjs), templates and other assets are copied, `segl` is put where npx finds it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { bundle } from './bundle.mjs';

const root = resolve(import.meta.dirname, '..');
/** What travels beside the code, as it is. */
const ASSETS = ['libs/**/src/**/*.{hbs,css,mjs,svg,json,sql,png,ico}', 'apps/**/*.{hbs,css,svg,json,eml}'];

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run(join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json');
const dist = join(root, 'dist');
await bundle(join(dist, 'compiled'), dist);
for (const asset of globSync(ASSETS, { cwd: root, exclude: ['**/node_modules/**', 'apps/*/test/**'] })) {
  const target = join(dist, asset);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(join(root, asset), target);
}

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
