/**
 * `npm run bench [-- name …]`: every benchmark in this folder, each in a process of its own so that one's garbage is not another's.
 * A benchmark measures beside a reference in the same run, interleaved, and prints the median ratio: absolute figures are the
 * machine's, only ratios travel. Nothing here fails on a figure: machines are shared and noisy.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(import.meta.dirname, '..', '..');
const wanted = process.argv.slice(2);

if (process.env.SEGL_BENCH_FILE) {
  const { bench } = await import(pathToFileURL(process.env.SEGL_BENCH_FILE).href);
  for (const { name, ratio, aim, detail } of await bench()) {
    process.stdout.write(`${name.padEnd(52)} ${ratio.toFixed(2).padStart(8)}  ${aim.padEnd(28)} ${detail}\n`);
  }
} else {
  process.stdout.write(`${'what'.padEnd(52)} ${'ratio'.padStart(8)}  ${'aim'.padEnd(28)} detail\n`);
  for (const file of globSync('ops/bench/*.bench.ts', { cwd: root }).sort()) {
    const name = basename(file, '.bench.ts');
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stdout.write(`\n# ${name}\n`);
    const { status } = spawnSync(
      process.execPath,
      // --expose-gc: memory is measured after a collection, or it measures the collector's mood
      [
        '--import',
        join(root, 'ops', 'source-loader.mjs'),
        '--expose-gc',
        '--disable-warning=ExperimentalWarning',
        import.meta.filename,
      ],
      { cwd: root, stdio: 'inherit', env: { ...process.env, SEGL_BENCH_FILE: join(root, file) } },
    );
    if (status !== 0) process.exitCode = 1;
  }
}
