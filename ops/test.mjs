/**
 * `npm test`: format, build, types, lint, then every test that can run on this machine.
 * `npm test -- <jest arguments>`: Jest alone, for instance `npm test -- libs/sealing`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const modules = (...path) => join('node_modules', ...path);

function run(...command) {
  return spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

function check(name, ...command) {
  process.stderr.write(`segl: ${name}\n`);
  const status = run(...command);
  if (status !== 0) process.exit(status);
}

// ESM needs vm-modules; the other flag silences Node's remark about it.
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', modules('jest', 'bin', 'jest.js')];

if (args.length > 0) process.exit(run(...jest, ...args));

check('format', modules('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.');
check('build', join('ops', 'build.mjs'));
check('types', modules('typescript', 'bin', 'tsc'), '--noEmit');
check('lint', modules('eslint', 'bin', 'eslint.js'), '--max-warnings', '0', '.');
process.stderr.write('segl: tests\n');
const results = join(root, 'node_modules', '.cache', 'segl-test-results.json');
mkdirSync(join(root, 'node_modules', '.cache'), { recursive: true });
rmSync(results, { force: true });
const status = run(...jest, '--maxWorkers=2', '--json', `--outputFile=${results}`);
try {
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(readFileSync(results, 'utf8'));
  for (const { assertionResults } of testResults) {
    for (const { status: outcome, fullName } of assertionResults) {
      if (outcome === 'pending') process.stdout.write(`SKIPPED: ${fullName}\n`);
    }
  }
  process.stdout.write(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`);
} catch {
  process.stdout.write('no test results were written\n');
  process.exit(status || 1);
}
process.exit(status);
