/**
 * `npm run package [-- DIRECTORY]`: one archive for one machine: the build, the packages that it needs, the lockfile's Node, the systemd units,
 * the proxies' recipes and the runbooks. Default directory: the one that one stands in.
 *
 * The same commit on the same platform gives the same bytes: files are sorted, belong to nobody in particular, and have the commit's time
 * (or SOURCE_DATE_EPOCH's). Prints its name, SHA-256 and size.
 */
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  globSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { PassThrough, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { stop } from 'esbuild';
import { pack } from 'tar-stream';
import { bundle, compileTemplates, copyAssets } from '../bundle.mjs';

const root = resolve(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const platform = `${process.platform}-${process.arch}`;
/** Also the one directory that it unpacks to. */
export const NAME = `segl-${version}-${platform}`;

/** Of the tree, as they stand there; to the right where they go. */
const DOCUMENTS = {
  'CHANGELOG.md': 'CHANGELOG.md',
  'SECURITY.md': 'SECURITY.md',
  'package.json': 'package.json',
  'docker-compose.yml': 'docker-compose.yml', // what the rest are for: a page in the archive leads there
  'ops/images/valkey.conf': 'ops/images/valkey.conf',
  'helm/segl/alerts.yaml': 'helm/segl/alerts.yaml',
  'ops/threats.md': 'ops/threats.md',
  'apps/appliance/test/README.md': 'apps/appliance/test/README.md',
};
const DOCUMENT_FOLDERS = ['ops/{package,systemd,proxies,runbooks,decisions,dashboards}/**/*.{md,service,timer,yaml,json,conf,cfg}', 'ops/proxies/Caddyfile', 'ops/configuration.md', 'libs/*/*.md']; // prettier-ignore

/** What of a package never runs: TypeScript, maps, and native code for other machines. */
function isLeftOut(path) {
  if (!path.startsWith('node_modules/')) return path.endsWith('.tsbuildinfo');
  if (/\.(map|[cm]?tsx?)$/.test(path) || /\/node_modules\/@types\//.test(`/${path}`)) return true;
  const [, builtFor] = /\/prebuilds\/([^/]+)\//.exec(path) ?? [];
  return (builtFor !== undefined && builtFor !== platform) || /\/node-linux-[^/]+\/(include|share|lib)\//.test(path);
}

/** Files and links below a directory, by the names they get. */
function* filesBelow(directory, as, patterns = ['**/*']) {
  for (const found of globSync(patterns, { cwd: directory, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    if (found.isDirectory()) continue;
    const name = join(as, path.slice(directory.length + 1));
    if (!isLeftOut(name)) yield [name, path];
  }
}

/** The packages of the lockfile that are not for development and are here: those for other platforms are not. */
function* packages() {
  const lockfile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  for (const [place, { dev }] of Object.entries(lockfile.packages)) {
    if (place === '' || dev === true) continue;
    for (const [name, path] of filesBelow(join(root, place), place))
      if (!name.slice(place.length + 1).startsWith('node_modules/')) yield [name, path]; // packages of their own
  }
}

/** Everything that the archive holds: name → file on this machine, sorted. @param place a directory to build in, and to be removed */
async function contents(place) {
  const dist = join(place, 'dist');
  await bundle(join(root, 'dist', 'compiled'), dist); // anew: dist itself keeps pieces of earlier builds for a day
  copyAssets(root, dist);
  await compileTemplates(root, dist);
  const bill = join(place, 'segl.cdx.json');
  const { status } = spawnSync(process.execPath, [join(root, 'ops', 'sbom.mjs'), bill], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('no bill of materials could be made');
  const readme = join(place, 'README.md');
  symlinkSync('ops/package/README.md', readme); // where the links in it lead
  const node = join('node_modules', '.bin', 'node');
  const all = new Map([
    ...filesBelow(dist, 'dist'),
    ...packages(),
    ...filesBelow(root, '', DOCUMENT_FOLDERS),
    ...Object.entries(DOCUMENTS).map(([from, to]) => [to, join(root, from)]),
    ['bin/segl', join(root, 'ops', 'package', 'segl')],
    ['README.md', readme],
    ['segl.cdx.json', bill],
    [
      'LICENSE-node',
      join(root, 'node_modules', readlinkSync(join(root, node)).replace(/^\.\.\//, ''), '..', '..', 'LICENSE'),
    ],
    [node, join(root, node)],
  ]);
  return [...all].sort(([one], [other]) => (one < other ? -1 : 1));
}

function isToRun(name) {
  return name === 'bin/segl' || /\/node-linux-[^/]+\/bin\/node$/.test(name) || name === 'dist/apps/operator/main.js';
}

/** @param mtime of every file @returns the archive, not compressed yet, as it is written */
async function archive(files, mtime) {
  const tar = pack();
  const add = (header, path) =>
    new Promise((done, failed) => {
      const entry = tar.entry(header, (error) => (error ? failed(error) : done()));
      if (path !== undefined) createReadStream(path).on('error', failed).pipe(entry);
      else entry?.end();
    });
  const write = async () => {
    for (const [name, path] of files) {
      const about = lstatSync(path);
      const header = { name: `${NAME}/${name}`, mtime, uid: 0, gid: 0, uname: 'root', gname: 'root' };
      if (about.isSymbolicLink()) await add({ ...header, type: 'symlink', linkname: readlinkSync(path), mode: 0o777 });
      else await add({ ...header, size: about.size, mode: isToRun(name) ? 0o755 : 0o644 }, path);
    }
    tar.finalize();
  };
  const out = new PassThrough();
  write().catch((error) => tar.destroy(error));
  pipeline(tar, out).catch(() => undefined); // the reader gets it
  return out;
}

/** Seconds since 1970 that every file is of. */
function seconds() {
  const commit = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).stdout ?? '';
  return Number(process.env.SOURCE_DATE_EPOCH || commit.trim() || 0);
}

/**
 * Makes the archive anew, of what tsc wrote to dist/compiled.
 * @param target a file, or null to have nothing but the digest of what would be in it
 * @param level how hard it is compressed, 1 to 9
 * @returns SHA-256 of the archive as it is before it is compressed
 */
export async function makePackage(target, level = 6) {
  const place = mkdtempSync(join(tmpdir(), 'segl-package-'));
  try {
    const hash = createHash('sha256');
    const tar = await archive(await contents(place), new Date(seconds() * 1000));
    const hashed = async function* (pieces) {
      for await (const piece of pieces) {
        hash.update(piece);
        yield piece;
      }
    };
    if (target === null) await pipeline(tar, hashed, new Writable({ write: (_piece, _encoding, done) => done() }));
    else await pipeline(tar, hashed, createGzip({ level }), createWriteStream(target));
    return hash.digest('hex');
  } finally {
    await stop(); // esbuild's own process would outlive a test
    rmSync(place, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const target = join(resolve(process.argv[2] ?? '.'), `${NAME}.tar.gz`);
  await makePackage(target);
  const bytes = readFileSync(target);
  const digest = createHash('sha256').update(bytes).digest('hex');
  process.stdout.write(`${digest}  ${target}\n`);
  process.stderr.write(`segl: ${(bytes.length / 1e6).toFixed(0)} MB\n`);
}
