/**
 * Makes a fresh clone ready to build, start or test, with nothing but Node 20 and npm on the machine.
 *
 *   node ops/bootstrap.mjs          install what the lockfile says, once per lockfile
 *   node ops/bootstrap.mjs build    the same, and build
 *   node ops/bootstrap.mjs test     the same, and Debian packages that the stories need, where this user may install them
 *
 * Plain Node without dependencies, because it runs before there are any. The runtime itself (Node 24) comes through the
 * lockfile: npm puts node_modules/.bin first in PATH, so whatever npm runs after this file runs on it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const want = process.argv[2] ?? 'install';
const modules = join(root, 'node_modules');
const stamp = join(modules, '.segl-installed');
const MINIMUM_NODE = [24, 15];

function say(text) {
  process.stderr.write(`segl: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (error) fail(`could not run ${command}: ${error.message}`);
  return status ?? 1;
}

/** `npm start` and `npm test` may be run side by side on a fresh clone: the second waits for the first. */
function withLock(work) {
  const lock = join(root, '.segl-bootstrap.lock');
  const startedAt = performance.now();
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const heldMs = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (heldMs > 10 * 60_000 || performance.now() - startedAt > 15 * 60_000)
        rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    }
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
  work();
  release();
}

function wanted() {
  const lockfile = readFileSync(join(root, 'package-lock.json'));
  return createHash('sha256').update(lockfile).update(`${process.platform} ${process.arch}`).digest('hex');
}

function install() {
  const fingerprint = wanted();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return;
  say('installing what the lockfile names (once)');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // No install script of any package runs: nothing in this tree needs one, and a supply chain attack usually does.
  const args = [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  if (run(npm, args, { env: { ...process.env, NODE_ENV: 'development' } }) !== 0) fail('npm ci failed; see above');
  const version = nodeVersion();
  if (version[0] < MINIMUM_NODE[0] || (version[0] === MINIMUM_NODE[0] && version[1] < MINIMUM_NODE[1])) {
    fail(
      `no Node ${MINIMUM_NODE.join('.')} or newer came with the lockfile for ${process.platform} ${process.arch}: install one and try again`,
    );
  }
  writeFileSync(stamp, fingerprint);
}

function nodeVersion() {
  const bundled = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  const { stdout } = spawnSync(existsSync(bundled) ? bundled : 'node', ['-p', 'process.versions.node'], {
    encoding: 'utf8',
  });
  return String(stdout).trim().split('.').map(Number);
}

/** What the stories need beside npm's packages: program to look for, Debian package that brings it, what to answer it first. */
const STORY_PACKAGES = [
  { found: () => browserPath() !== null, debian: 'chromium', why: 'stories in a real browser' },
  {
    found: () => existsSync('/usr/sbin/postfix'),
    debian: 'postfix',
    why: 'the story behind a real mail server',
    // Without /etc/postfix/main.cf neither its init script nor its systemd unit starts anything, now or later.
    answers: 'postfix postfix/main_mailer_type select No configuration\n',
  },
  { found: () => existsSync('/usr/bin/sqlite3'), debian: 'sqlite3', why: 'the runbook for backup and restore' },
  { found: () => existsSync('/usr/bin/jq'), debian: 'jq', why: 'commands of the runbooks' },
  { found: () => existsSync('/usr/bin/argon2'), debian: 'argon2', why: 'the same' },
  { found: () => existsSync('/usr/bin/curl'), debian: 'curl', why: 'the same' },
  { found: () => existsSync('/usr/sbin/ip') || existsSync('/sbin/ip'), debian: 'iproute2', why: 'the same' },
  { found: () => existsSync('/usr/bin/swaks'), debian: 'swaks', why: 'mail handed in by a program of others' },
  {
    found: () => existsSync('/usr/lib/python3/dist-packages/dkim'),
    debian: 'python3-dkim',
    why: 'DKIM signatures verified by a program of others',
  },
  {
    found: () => existsSync('/usr/lib/python3/dist-packages/nacl'),
    debian: 'python3-nacl',
    why: 'the same by Ed25519',
  },
  {
    found: () => existsSync('/usr/share/doc/libnet-ssleay-perl'),
    debian: 'libnet-ssleay-perl',
    why: 'the same over TLS',
  },
  {
    found: () => existsSync('/usr/bin/redis-server') || existsSync('/usr/bin/valkey-server'),
    debian: 'redis-server',
    why: 'the ephemeral store of a cluster, on a real Redis',
  },
  {
    found: () => existsSync('/usr/lib/postgresql'),
    debian: 'postgresql',
    why: 'the person directory of a cluster, on a real PostgreSQL',
  },
  { found: () => existsSync('/usr/bin/faketime'), debian: 'faketime', why: 'a clock that jumps' },
  { found: () => existsSync('/usr/bin/buildah'), debian: 'buildah', why: 'the image, built and read from' },
  { found: () => existsSync('/usr/sbin/debootstrap'), debian: 'debootstrap', why: 'a base for the image' },
  // Their init scripts would start them at the next boot, as on any server; nothing of the stories needs that.
  { found: () => existsSync('/usr/bin/caddy'), debian: 'caddy', why: 'the recipe for Caddy, behind the real one' },
  {
    found: () => existsSync('/usr/sbin/nginx'),
    debian: 'nginx-light',
    why: 'the recipe for nginx, behind the real one',
  },
  { found: () => existsSync('/usr/bin/promtool'), debian: 'prometheus', why: 'the alerts, by Prometheus’ own tool' },
  {
    found: () => existsSync('/usr/sbin/haproxy'),
    debian: 'haproxy',
    why: 'the recipe for HAProxy, behind the real one; an upgrade that rolls',
  },
  { found: () => existsSync('/usr/bin/testssl'), debian: 'testssl.sh', why: 'the proxies’ TLS, judged from outside' },
  {
    found: () => existsSync('/usr/bin/systemd-analyze'),
    debian: 'systemd',
    why: 'the unit files, by systemd’s own tool',
  },
];

function browserPath() {
  const places = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-headless-shell'];
  return places.find((place) => place && existsSync(place)) ?? null;
}

/** Programs of others that judge the chart and the seals (ops/judges/tools.mjs), where this machine can have them. */
function bringJudges() {
  const node = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  run(existsSync(node) ? node : 'node', [
    join('ops', 'judges', 'tools.mjs'),
    'helm',
    'kubeconform',
    'kube-score',
    'observatory',
    'age',
  ]);
}

function installStoryPackages() {
  const missing = STORY_PACKAGES.filter(({ found }) => !found());
  if (missing.length === 0) return;
  const may =
    process.platform === 'linux' &&
    process.getuid?.() === 0 &&
    existsSync('/usr/bin/apt-get') &&
    !process.env.SEGL_TEST_NO_APT;
  if (may) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    say(`installing Debian packages for the stories: ${missing.map(({ debian }) => debian).join(' ')}`);
    run('apt-get', ['-qq', 'update'], { env });
    for (const { debian, answers } of missing) {
      if (answers) run('debconf-set-selections', [], { env, input: answers, stdio: ['pipe', 2, 2] });
      // Nothing of this machine gives way to a test: its own mail server, say, would have to go for Postfix.
      run('apt-get', ['-qq', 'install', '-y', '--no-remove', '--no-install-recommends', debian], { env });
    }
  }
  for (const { found, debian, why } of missing) {
    if (!found()) say(`SKIPPED: ${why}: Debian's package "${debian}" is not here and could not be installed`);
  }
}

withLock(() => {
  install();
  if (want === 'build') {
    const node = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
    if (run(existsSync(node) ? node : 'node', [join('ops', 'build.mjs')]) !== 0) fail('the build failed; see above');
  }
  if (want === 'test') {
    installStoryPackages();
    bringJudges();
  }
});
