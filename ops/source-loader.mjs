/**
 * `node --import ./source-loader.mjs main.ts`: runs the sources without a build, decorators included, as Jest does.
 * For benchmarks, and for tests that need a real process of the code as it stands. What was transformed is kept, for as long as the file
 * is as it was: a test that kills a process two dozen times would spend most of its time on the same seven hundred files.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync, version } from '@swc/core';

const kept = resolve(import.meta.dirname, '../node_modules/.cache/segl-sources');

const digestOf = (text) => createHash('sha256').update(text).digest('hex');

function transformed(path) {
  const source = readFileSync(path, 'utf8');
  const place = join(kept, digestOf(path));
  const stamp = `// ${digestOf(`${version}\n${source}`)}\n`;
  const before = read(place);
  if (before?.startsWith(stamp)) return before.slice(stamp.length);
  const { code } = transformSync(source, {
    filename: path,
    swcrc: false,
    jsc: {
      target: 'es2023',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
    module: { type: 'es6' },
  });
  keep(place, stamp + code);
  return code;
}

function read(place) {
  try {
    return readFileSync(place, 'utf8');
  } catch {
    return null;
  }
}

/** Whole or not at all: others may want the same at this moment. Where nothing can be kept, nothing is. */
function keep(place, code) {
  const part = `${place}.${process.pid}`;
  try {
    mkdirSync(kept, { recursive: true });
    writeFileSync(part, code);
    renameSync(part, place);
  } catch {
    // a tree that only others may write to
  }
}

registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier, { ...context, conditions: ['segl-source', ...context.conditions] }),
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
    return { format: 'module', source: transformed(fileURLToPath(url)), shortCircuit: true };
  },
});
