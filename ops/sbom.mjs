/**
 * `npm run sbom [-- FILE]`: what the product is made of, from the lockfile, in CycloneDX 1.6. The same lockfile gives the same bytes.
 * Development dependencies are not in it. By CycloneDX's own tool: `npm sbom --omit dev` leaves out what a development dependency needs
 * too, such as @nestjs/common (seen with npm 11.19).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const target = process.argv[2] ?? join(root, 'sbom.cdx.json');
const tool = join('node_modules', '@cyclonedx', 'cyclonedx-npm', 'bin', 'cyclonedx-npm-cli.js');
const args = [
  '--package-lock-only',
  '--omit',
  'dev',
  '--output-reproducible',
  '--spec-version',
  '1.6',
  '--output-file',
  target,
];
const { status } = spawnSync(process.execPath, [tool, ...args], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const bom = JSON.parse(readFileSync(target, 'utf8'));
// npm names the whole after the folder that the clone happens to lie in.
bom.metadata.component.name = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name;
writeFileSync(target, `${JSON.stringify(bom, null, 2)}\n`);
process.stderr.write(`segl: ${bom.components.length} components in ${target}\n`);
