/**
 * Joins what tsc compiled, and the packages that it needs, into a few files: a start loads a dozen instead of some 1,900, in two thirds of the
 * processor time (ops/decisions/2026-11-30-one-bundle.md). Each entry keeps its place below ./dist, so that workers, assets and
 * `segl` are found where they always were; what entries share lies in ./dist/chunks.
 */
import { copyFileSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { build, transform } from 'esbuild';

/** What a process or a thread is started with, what a thread is given to load, and doors at which the build and benchmarks knock. */
const ENTRIES = [
  'apps/*/main.js',
  'libs/**/*-worker.js',
  'libs/**/*-questions.js',
  'libs/{audit,event-store}/src/index.js',
  'libs/web-ui/src/compiled-views.js',
];

/**
 * Stay packages of their own: native code, what only a cluster needs (gRPC), the one that must be loaded before anything that is
 * decorated, and what Nest would take if it were there.
 */
const PACKAGES = [
  'reflect-metadata',
  '@node-rs/*',
  'argon2',
  '@eventstore/*',
  'pg-native',
  'class-transformer',
  'class-validator',
  '@nestjs/microservices',
  '@nestjs/websockets',
];

/**
 * CommonJS among the packages asks for these names. Decorators need their metadata before the first class, in whichever file. esbuild knows nothing
 * of what is declared here, and gives no other name to what is called the same: no function of ours may be.
 */
const FIRST = [
  `import 'reflect-metadata';`,
  `import { createRequire as requireFrom } from 'node:module';`,
  `const require = requireFrom(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`,
  `const seglPlaceOf = ({ href, pathname }) => ({ url: href, filename: decodeURIComponent(pathname), dirname: decodeURIComponent(pathname.replace(/\\/[^/]*$/, '')) });`,
].join(' ');

/** A chunk of an earlier build may still be wanted by a process that runs on it. */
const KEPT_MS = 24 * 3600_000;

/** Stands for the way from a file that was written up to ./dist, which is known only then. */
const UP = 'segl-way-up';

/** `import.meta` of a file of ours says where that file would be, not in which one it ended up. On its first line: each keeps its number. */
function ownPlaces(compiled) {
  return {
    name: 'own places',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!path.startsWith(compiled + sep)) return undefined;
        const text = readFileSync(path, 'utf8');
        if (!text.includes('import.meta')) return undefined;
        const place = relative(compiled, path).split(sep).join('/');
        const own = `const ownMeta = seglPlaceOf(new URL(${JSON.stringify(`${UP}/${place}`)}, import.meta.url));`;
        return { contents: own + text.replaceAll('import.meta.', 'ownMeta.'), resolveDir: dirname(path) };
      });
    },
  };
}

/** Without the packages, which would be four fifths of it: Node keeps each map in memory. */
function mapOfOurs(text) {
  const map = JSON.parse(text);
  const isOurs = map.sources.map((source) => !source.includes('node_modules'));
  const lines = decode(map.mappings).map((segments) => {
    const kept = segments.map((segment) => (isOurs[segment[1]] ? segment : [segment[0]]));
    return kept.filter((segment, at) => segment.length > 1 || (at > 0 && kept[at - 1].length > 1));
  });
  const sources = map.sources.map((source, at) => (isOurs[at] ? source : ''));
  return JSON.stringify({ ...map, sources, mappings: encode(lines) });
}

/**
 * esbuild's helper behind `keepNames` defines the name of every function, each time that one is made, though nearly all have it already:
 * 1 % of a sign-in's processor time.
 */
function withCheapNames(text) {
  return text.replace(/^(var __name = \(target, value\) =>) /m, '$1 target.name === value ? target : ');
}

/** What travels beside the code, as it is. */
const ASSETS = ['libs/**/src/**/*.{css,mjs,svg,json,sql,png,ico}', 'apps/**/*.{css,svg,json,eml}'];

/** Puts assets beside the code that looks for them. @param root of the repository @param out where the entries went */
export function copyAssets(root, out) {
  for (const asset of globSync(ASSETS, { cwd: root, exclude: ['**/node_modules/**', 'apps/*/test/**'] })) {
    const target = join(out, asset);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, asset), target);
  }
}

/**
 * Every template is compiled and checked now, and never again: a missing text or partial fails the build, not a start or a reader's page.
 * @param root of the repository, built into its ./dist @param out where the entries went
 */
export async function compileTemplates(root, out) {
  const place = join('libs', 'web-ui', 'src', 'compiled-views');
  const compiler = pathToFileURL(join(root, 'dist', `${place}.js`)).href; // finds its packages, which `out` need not
  const { viewDirectories, writeViews } = await import(compiler);
  const path = join(out, `${place}.cjs`);
  writeFileSync(`${path}.new`, `module.exports = ${writeViews(viewDirectories(root))};\n`);
  renameSync(`${path}.new`, path);
}

/** @param compiled what tsc wrote @param out where the entries go, each in its place */
export async function bundle(compiled, out) {
  const { outputFiles } = await build({
    absWorkingDir: compiled,
    entryPoints: globSync(ENTRIES, { cwd: compiled }),
    outdir: out,
    outbase: compiled,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    keepNames: true, // Nest and errors go by the names of classes
    external: PACKAGES,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none', // the packages travel along, with their licences
    logLevel: 'warning',
    banner: { js: FIRST },
    plugins: [ownPlaces(compiled)],
    write: false,
  });
  // Each is read once as a start would read it: what only a cluster loads is loaded by few tests, and a name declared twice ends the process.
  const code = outputFiles.filter(({ path }) => !path.endsWith('.map'));
  await Promise.all(code.map(({ path, text }) => transform(text, { sourcefile: path, format: 'esm' })));
  for (const { path, text } of outputFiles) {
    const up = relative(dirname(path), out).split(sep).join('/') || '.';
    mkdirSync(dirname(path), { recursive: true });
    // Whole or not at all: a process that runs on the build before may be reading here.
    writeFileSync(`${path}.new`, path.endsWith('.map') ? mapOfOurs(text) : withCheapNames(text.replaceAll(UP, up)));
    renameSync(`${path}.new`, path);
  }
  const written = new Set(outputFiles.map(({ path }) => path));
  for (const path of globSync('chunks/*', { cwd: out }).map((name) => join(out, name)))
    if (!written.has(path) && Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path);
}
