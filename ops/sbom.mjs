/**
 * `npm run sbom [-- FILE]`: what the product is made of, from the lockfile, in CycloneDX by npm itself (no package more for it). The same
 * lockfile gives the same bytes: time and serial number are left out. Development dependencies are not in it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const target = process.argv[2] ?? join(root, 'sbom.cdx.json');
const args = [
  'sbom',
  '--package-lock-only',
  '--omit',
  'dev',
  '--sbom-format',
  'cyclonedx',
  '--sbom-type',
  'application',
];
const { status, stdout, stderr } = spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
if (status !== 0) {
  process.stderr.write(stderr);
  process.exit(status ?? 1);
}
// npm names the whole after the folder that the clone happens to lie in.
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = JSON.parse(stdout).metadata.component['bom-ref'];
const bom = JSON.parse(stdout.replaceAll(`"${folder}"`, `"${name}@${version}"`));
bom.metadata.component = { ...bom.metadata.component, name, version, purl: `pkg:npm/${name}@${version}` };
delete bom.serialNumber;
delete bom.metadata.timestamp;
bom.components.sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
writeFileSync(target, `${JSON.stringify(bom, null, 2)}\n`);
process.stderr.write(`segl: ${bom.components.length} components in ${target}\n`);
