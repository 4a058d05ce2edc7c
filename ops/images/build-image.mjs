/**
 * `npm run image`: builds the image with Debian's buildah (as root, no daemon), and beside it its bill of materials.
 *
 *   node ops/images/build-image.mjs               on the base that the Containerfile names, pulled from its registry
 *   node ops/images/build-image.mjs --make-base   on one of that name, made of debootstrap's Debian and the lockfile's Node
 *   … --to docker://registry.example.com/segl:0.1.0   and brings it there; to a new file with docker-archive:segl.tar
 *
 * Prints as its last line what there is: name, id and size; before it, of what was brought to a registry, the name by digest that the
 * chart and cosign take. Images lie in ~/.cache/segl-images, apart from other programs' ones. An image bears the digest of everything
 * that it was made of; where one with this very digest is there, nothing is built. Where it cannot, it says why in one line, below
 * what buildah itself said, and ends with 1.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { destinationIn } from './destination.mjs';
import { digestOfInputs } from './image-inputs.mjs';

const root = resolve(import.meta.dirname, '..', '..');
const containerfile = join(root, 'ops', 'images', 'Containerfile');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [, base] = /^FROM (\S+)/m.exec(readFileSync(containerfile, 'utf8'));
const authorities = process.env.NODE_EXTRA_CA_CERTS;

/** Where images are kept, as buildah takes it. Without user namespaces and overlays, which a container that builds may not have. */
export const STORAGE = storageIn(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'segl-images'));
export const IMAGE = `localhost/segl:${version}`;

function storageIn(directory) {
  return ['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'vfs'];
}

function buildah(args, options = {}) {
  const { status, stdout, error } = spawnSync('buildah', [...STORAGE, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
    ...options,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`buildah ${args[0]} ended with ${status} ${(stdout ?? '').slice(-500)}`.trim());
  return stdout.trim();
}

function isThere(image, ...filters) {
  return (
    buildah(['images', '--quiet', ...[`reference=${image}`, ...filters].flatMap((each) => ['--filter', each])]) !== ''
  );
}

function makeBase(image) {
  const place = mkdtempSync(join(tmpdir(), 'segl-base-'));
  try {
    const debian = join(place, 'debian');
    const { status } = spawnSync('debootstrap', ['--variant=minbase', 'bookworm', debian], {
      stdio: ['ignore', 'ignore', 2],
    });
    if (status !== 0) throw new Error('debootstrap failed');
    for (const needless of ['var/cache/apt', 'var/lib/apt/lists', 'usr/share/doc', 'usr/share/man'])
      rmSync(join(debian, needless), { recursive: true, force: true });
    const node = join(root, 'node_modules', '.bin', 'node');
    const npm = spawnSync('sh', ['-c', 'readlink -f "$(command -v npm)"'], { encoding: 'utf8' }).stdout.trim();
    const container = buildah(['from', 'scratch']);
    buildah(['add', '--quiet', container, debian, '/']);
    buildah(['add', '--quiet', container, node, '/usr/local/bin/node']);
    buildah(['add', '--quiet', container, dirname(dirname(npm)), '/usr/local/lib/node_modules/npm']);
    buildah(['run', container, '--', 'ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm']);
    if (authorities && existsSync(authorities)) {
      // What this machine trusts, npm inside has to trust as well.
      buildah(['add', '--quiet', container, authorities, '/usr/local/share/authorities.pem']);
      writeFileSync(join(place, 'npmrc'), 'cafile=/usr/local/share/authorities.pem\n');
      buildah(['add', '--quiet', container, join(place, 'npmrc'), '/usr/local/etc/npmrc']);
    }
    buildah(['commit', '--quiet', '--rm', container, `docker.io/library/${image}`]);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** The base as it is here, by its id. */
function idOfBase() {
  return buildah(['images', '--quiet', '--no-trunc', '--filter', `reference=${base}`]);
}

function git(...args) {
  return spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
}

function build(inputs) {
  const cache = join(homedir(), '.npm');
  mkdirSync(cache, { recursive: true });
  // Docker's format has the health check, which OCI's leaves out.
  const options = [
    '--format',
    'docker',
    '--isolation',
    'chroot',
    '--timestamp',
    git('log', '-1', '--format=%ct') || '0',
  ];
  const labels = [
    '--build-arg',
    `VERSION=${version}`,
    '--build-arg',
    `REVISION=${git('rev-parse', 'HEAD') || 'unknown'}`,
  ];
  const context = ['--volume', `${cache}:/root/.npm`, '--label', `segl.inputs=${inputs}`, '--file', containerfile];
  buildah(['build', ...options, ...labels, '--pull=false', ...context, '--tag', IMAGE, root]);
  buildah(['rmi', '--prune', '--force']); // what had this name before
}

/** Whether it is pulled or made, before anything is asked of what is built on it: another base is another image. */
function bringBase() {
  if (process.argv.includes('--make-base')) {
    if (!isThere(base)) makeBase(base);
    return;
  }
  try {
    buildah(['pull', '--quiet', '--policy', 'always', base]);
  } catch (cause) {
    if (!isThere(base))
      throw new Error(`${base} could not be pulled, and none is here: --make-base makes one`, { cause });
    process.stderr.write(`image: ${base} could not be pulled; built on the one that is here, ${idOfBase()}\n`);
  }
}

/** @returns the name by digest of what lies in a registry now, or null for a file */
function bring(to) {
  const place = mkdtempSync(join(tmpdir(), 'segl-digest-'));
  try {
    const digest = join(place, 'digest');
    buildah(['push', '--quiet', '--digestfile', digest, IMAGE, to.reference]);
    return to.repository === null ? null : `${to.repository}@${readFileSync(digest, 'utf8').trim()}`;
  } finally {
    rmSync(place, { recursive: true });
  }
}

function run() {
  const to = destinationIn(process.argv);
  bringBase();
  const inputs = digestOfInputs(root, idOfBase());
  if (!isThere(IMAGE, `label=segl.inputs=${inputs}`)) build(inputs);
  spawnSync(process.execPath, [join(root, 'ops', 'sbom.mjs'), join(root, 'dist', 'segl.cdx.json')], {
    stdio: ['ignore', 2, 2],
  });
  const byDigest = to === null ? null : bring(to);
  if (byDigest !== null) process.stdout.write(`${byDigest}\n`);
  const [made] = JSON.parse(buildah(['images', '--json', '--filter', `reference=${IMAGE}`]));
  process.stdout.write(`${IMAGE} ${made.id.slice(0, 12)} ${made.size}\n`);
}

if (import.meta.main)
  try {
    run();
  } catch (error) {
    process.stderr.write(`image: ${error.message}\n`);
    process.exitCode = 1;
  }
