/**
 * `npm test`: format, build, types, lint, then every test that can run on this machine.
 * `npm test -- --changed`: types, and format, lint and tests of what is not committed yet; `--changed=REV`: of all since REV.
 * `npm test -- <jest arguments>`: Jest alone, for instance `npm test -- libs/sealing`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { toolPath } from './judges/tools.mjs';

const root = resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const modules = (...path) => join('node_modules', ...path);

// After the machine's own: `age`, where the bootstrap could bring it.
const age = toolPath('age');
if (age !== null) process.env.PATH = [process.env.PATH, dirname(age)].join(delimiter);

// What Node compiles, and TypeScript that it strips of its types, is kept for the next of thousands of threads: for a writer of an event store, half its start.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'segl-compiled');

function run(...command) {
  return spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

function check(name, ...command) {
  process.stderr.write(`segl: ${name}\n`);
  const status = run(...command);
  if (status !== 0) process.exit(status);
}

/** Side by side: each of them works on one processor. Ends with the first that fails, once all are over. */
async function checkTogether(commands) {
  const endings = Object.entries(commands).map(([name, command]) => {
    process.stderr.write(`segl: ${name}\n`);
    const child = spawn(process.execPath, command, { cwd: root, stdio: 'inherit' });
    return new Promise((resolve) => child.once('close', (status) => resolve({ name, status: status ?? 1 })));
  });
  const failed = (await Promise.all(endings)).filter(({ status }) => status !== 0);
  for (const { name } of failed) process.stderr.write(`segl: ${name} failed\n`);
  if (failed.length > 0) process.exit(failed[0].status);
}

// ESM needs vm-modules; the other flag silences Node's remark about it.
const jest = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', modules('jest', 'bin', 'jest.js')];

const changed = /^--changed(?:=(.+))?$/.exec(args[0] ?? '');
if (changed !== null) process.exit(testChanged(changed[1] ?? 'HEAD', args.slice(1)));
if (args.length > 0) process.exit(run(...jest, ...args));

await checkTogether({
  format: [modules('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  build: [join('ops', 'build.mjs')],
  types: [modules('typescript', 'bin', 'tsc'), '--noEmit'],
  lint: [modules('eslint', 'bin', 'eslint.js'), '--max-warnings', '0', '.'],
});
process.stderr.write('segl: tests\n');
const results = join(root, 'node_modules', '.cache', 'segl-test-results.json');
mkdirSync(join(root, 'node_modules', '.cache'), { recursive: true });
rmSync(results, { force: true });
// Four on two cores: a story waits for processes, browsers and the wall clock. Three used 1.6 of the two.
const status = run(...jest, '--maxWorkers=4', '--json', `--outputFile=${results}`);
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

/**
 * Two minutes, not twenty: pure tests of everything that the changed files reach, tests with files, sockets and browsers of the rooms
 * they lie in, and changed stories. What a change breaks in another room's real parts shows in the whole run alone.
 */
function testChanged(revision, jestArguments) {
  const git = (...command) => spawnSync('git', command, { cwd: root, encoding: 'utf8' }).stdout.split('\n');
  const files = [
    ...git('diff', '--name-only', '--diff-filter=d', revision),
    ...git('ls-files', '--others', '--exclude-standard'),
  ].filter((file, index, all) => file !== '' && all.indexOf(file) === index);
  if (files.length === 0) {
    process.stderr.write('segl: nothing has changed\n');
    return 0;
  }
  check(
    'format',
    modules('prettier', 'bin', 'prettier.cjs'),
    '--check',
    '--ignore-unknown',
    '--log-level',
    'warn',
    ...files,
  );
  check('types', modules('typescript', 'bin', 'tsc'), '--noEmit');
  const code = files.filter((file) => file.endsWith('.ts'));
  if (code.length === 0) return 0;
  check('lint', modules('eslint', 'bin', 'eslint.js'), '--max-warnings', '0', ...code);
  const rooms = new Set(code.map((file) => file.split('/').slice(0, 2).join('/')));
  const reached = spawnSync(process.execPath, [...jest, '--listTests', '--findRelatedTests', ...code], {
    cwd: root,
    encoding: 'utf8',
  });
  const tests = reached.stdout.split('\n').filter((path) => {
    const file = relative(root, path);
    const isStory = file.endsWith('.e2e-spec.ts');
    return (
      path !== '' &&
      (!isStory || code.includes(file)) &&
      (!file.endsWith('.int-spec.ts') || rooms.has(file.split('/').slice(0, 2).join('/')))
    );
  });
  process.stderr.write(`segl: ${tests.length} test files\n`);
  return tests.length === 0 ? 0 : run(...jest, '--maxWorkers=2', ...jestArguments, '--runTestsByPath', ...tests);
}
