/**
 * `npm run roll-back [-- REVISION]`: whether what this build writes is read by the release before, and by this one again afterwards.
 *
 * REVISION: default the newest tag `v…`; where there is none yet, the commit that froze the newest installation (apps/operator/test/frozen).
 * It is built below .segl/, with its own packages where its lockfile is another, and removed again; minutes, so no test runs it. Ends with 1 where
 * something was not read, and names it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');
const FROZEN = join('apps', 'operator', 'test', 'frozen');
const MAIL = 'From: <anna@example.com>\r\nSubject: x\r\n\r\nmarker-of-the-body\r\n';

function run(command, args, options = {}) {
  const ran = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64e6, ...options });
  if (ran.error) throw ran.error;
  return ran;
}

function git(...args) {
  const { status, stdout, stderr } = run('git', args, { cwd: root });
  if (status !== 0) throw new Error(`git ${args[0]}: ${stderr.trim()}`);
  return stdout.trim();
}

function revisionBefore() {
  const [tag] = git('tag', '--list', 'v*', '--sort=-version:refname').split('\n');
  if (tag) return tag;
  const releases = readdirSync(join(root, FROZEN), { withFileTypes: true }).filter((each) => each.isDirectory());
  const newest = releases.map(({ name }) => name).sort((one, other) => one.localeCompare(other, 'en', { numeric: true })); // prettier-ignore
  const commit = git('log', '-1', '--format=%h', '--', join(FROZEN, newest.at(-1)));
  if (!commit) throw new Error('this clone has no history: fetch it (git fetch --unshallow), or name a revision');
  return commit;
}

/** @returns the directory of the other release's build */
function built(revision) {
  const commit = git('rev-parse', '--short=12', `${revision}^{commit}`);
  const place = join(root, '.segl', `release-${commit}`);
  if (!existsSync(place)) {
    mkdirSync(join(root, '.segl'), { recursive: true });
    git('worktree', 'add', '--detach', '--quiet', place, commit);
    trees.push(place);
  }
  const lockfile = (tree) => readFileSync(join(tree, 'package-lock.json'), 'utf8');
  if (!existsSync(join(place, 'node_modules'))) {
    // As links to the same files: a build writes to none of them.
    const [command, args] =
      lockfile(place) === lockfile(root)
        ? ['cp', ['-al', join(root, 'node_modules'), join(place, 'node_modules')]]
        : ['npm', ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']]; // prettier-ignore
    if (run(command, args, { cwd: place, stdio: ['ignore', 2, 2] }).status !== 0) throw new Error('no packages');
  }
  if (!existsSync(join(place, 'dist', 'apps', 'operator', 'main.js'))) {
    const node = join(place, 'node_modules', '.bin', 'node');
    if (run(node, [join('ops', 'build.mjs')], { cwd: place, stdio: ['ignore', 2, 2] }).status !== 0)
      throw new Error(`${revision} could not be built`);
  }
  return place;
}

/** Both are held until both are known: a port that is free again may be given twice. */
async function twoFreePorts() {
  const servers = [createServer(), createServer()].map((server) => server.listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((listening) => server.once('listening', listening))));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

const place = mkdtempSync(join(tmpdir(), 'segl-roll-back-'));
const environment = {
  PATH: process.env.PATH,
  SEGL_KEYRING: join(place, 'keyring'),
  SEGL_DATA_DIR: join(place, 'data'),
  SEGL_PUBLIC_URL: 'http://localhost:1',
  SEGL_RELAY_URL: 'smtp://127.0.0.1:1',
  SEGL_ORGANISATION_NAME: 'Nordlys',
  SEGL_ORGANISATION_POSTAL_ADDRESS: 'Havnegade 1',
  SEGL_ORGANISATION_CONTACT_MAIL: 'post@example.com',
  SEGL_ORGANISATION_TIME_ZONE: 'Europe/Copenhagen',
  SEGL_PASSCODE_SENDER: 'no-reply@example.com',
};
let failures = 0;
/** Made for this, and removed again. */
const trees = [];

function note(release, what, isWell, said) {
  if (!isWell) failures++;
  process.stdout.write(
    `${isWell ? 'ok   ' : 'FAULT'}  ${release}: ${what}${isWell ? '' : `: ${said.trim().slice(-600)}`}\n`,
  );
}

/** One installation's files, by the build of one release. */
class Release {
  constructor(name, tree) {
    this.name = name;
    this.tree = tree;
  }

  segl(args, input) {
    const main = join(this.tree, 'dist', 'apps', 'operator', 'main.js');
    return run(join(this.tree, 'node_modules', '.bin', 'node'), [main, ...args], { env: environment, input });
  }

  does(what, args, { wants = '', input } = {}) {
    const { status, stdout, stderr } = this.segl(args, input);
    note(this.name, what, status === 0 && stdout.includes(wants), stderr || stdout);
    return stdout;
  }

  seals(carrier, to) {
    writeFileSync(carrier, this.does(`seals for ${to}`, ['seal', '--from', 'anna@example.com', '--to', to], { input: MAIL })); // prettier-ignore
  }

  reads(carriers, checkpoint) {
    for (const carrier of carriers)
      this.does(`opens ${carrier.slice(place.length + 1)}`, ['open', carrier], { wants: 'marker-of-the-body' });
    this.does('answers from the record', ['audit', 'query', '--limit', '100'], { wants: 'bo@example.org' });
    this.does('verifies the ledger', ['audit', 'verify', '--log', '--checkpoint', checkpoint]);
  }

  async serves() {
    const [port, managementPort] = await twoFreePorts();
    const env = {
      ...environment,
      SEGL_PUBLIC_URL: `http://localhost:${port}`,
      SEGL_HTTP_PORT: String(port),
      SEGL_MANAGEMENT_PORT: String(managementPort),
    };
    const main = join(this.tree, 'dist', 'apps', 'appliance', 'main.js');
    const child = spawn(join(this.tree, 'node_modules', '.bin', 'node'), [main], { env, stdio: ['ignore', 'pipe', 'pipe'] }); // prettier-ignore
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let answer = '';
    for (
      const until = performance.now() + 60_000;
      performance.now() < until && child.exitCode === null && answer !== 'ready';
    ) {
      answer = await fetch(`http://localhost:${managementPort}/readyz`).then((r) => r.text(), () => ''); // prettier-ignore
      answer = /^\s*ready|"ready"|"status":"ok"/.test(answer) ? 'ready' : answer;
      await new Promise((passed) => setTimeout(passed, 100));
    }
    child.kill('SIGTERM');
    await ended;
    note(this.name, 'serves, and is ready', answer === 'ready', `${answer}\n${said}`);
  }
}

const revision = process.argv[2] ?? revisionBefore();
try {
  const now = new Release('this build', root);
  const before = new Release(revision, built(revision));
  const file = (name) => join(place, name);
  now.does('makes keys', ['keys', 'init']);
  now.seals(file('one.eml'), 'bo@example.org');
  now.does('rotates', ['keys', 'rotate', 'sealing']);
  now.seals(file('two.eml'), 'cy@example.org');
  now.seals(file('erased.eml'), 'di@example.org');
  now.does('holds', ['hold', 'place', 'bo@example.org', '--case', '2026-2']);
  now.does('erases', ['erase', 'di@example.org', '--yes', '--case', '2026-3']);
  await now.serves();
  writeFileSync(file('checkpoint'), now.does('signs a checkpoint', ['audit', 'checkpoint']));

  const carriers = [file('one.eml'), file('two.eml')];
  before.reads(carriers, file('checkpoint'));
  before.seals(file('three.eml'), 'bo@example.org');
  await before.serves();
  now.reads([...carriers, file('three.eml')], file('checkpoint'));
  await now.serves();
} finally {
  rmSync(place, { recursive: true, force: true });
  for (const tree of trees) git('worktree', 'remove', '--force', tree);
}
process.stdout.write(failures === 0 ? 'rolling back one release loses nothing\n' : `${failures} faults\n`);
process.exitCode = failures === 0 ? 0 : 1;
