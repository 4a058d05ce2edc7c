/** `npm test [-- jest arguments]`: without arguments all checks (format, lint, types) and all tests; with arguments Jest alone. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const bin = (name, file) => join('node_modules', name, ...file);
if (args.length === 0) {
  run(bin('prettier', ['bin', 'prettier.cjs']), '--check', '--log-level', 'warn', '.');
  run(join('ops', 'build.mjs'));
  run(bin('typescript', ['bin', 'tsc']), '--noEmit');
  run(bin('eslint', ['bin', 'eslint.js']), '--max-warnings', '0', '.');
}
// ESM needs vm-modules; the other flag silences Node's remark about it.
run('--experimental-vm-modules', '--disable-warning=ExperimentalWarning', bin('jest', ['bin', 'jest.js']), ...args);
