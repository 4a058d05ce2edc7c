import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What Containerfile.dockerignore lets through, as patterns; the Containerfile itself beside. A test holds the two together. */
const PATTERNS = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig{,.build}.json',
  'ops/{build,bundle,sbom}.mjs',
  '{apps,libs}/**/*',
];
const LEFT_OUT = /\.((int|e2e)-)?spec\.ts$|\.(key|pem)$|(^|\/)\.env|^apps\/[^/]+\/test\//;

/** Every file that an image is made of, as paths in the repository. */
export function imageInputs(root) {
  return [...globSync(PATTERNS, { cwd: root }), 'ops/images/Containerfile']
    .filter((path) => !LEFT_OUT.test(path) && statSync(join(root, path)).isFile())
    .sort();
}

/** Of their names and bytes and of the base, and of nothing else: neither of times, nor of where the clone lies. */
export function digestOfInputs(root, base) {
  const hash = createHash('sha256').update(base);
  for (const path of imageInputs(root)) {
    const content = readFileSync(join(root, path));
    hash.update(`\n${path} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}
