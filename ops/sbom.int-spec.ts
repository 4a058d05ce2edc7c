import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..');
const place = mkdtempSync(join(tmpdir(), 'segl-sbom-'));
afterAll(() => rmSync(place, { recursive: true }));

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
}

it('the bill of materials names what runs, and nothing that only builds or tests', () => {
  const write = (name: string) => {
    execFileSync(process.execPath, [join(root, 'ops/sbom.mjs'), join(place, name)], { stdio: 'ignore' });
    return readFileSync(join(place, name), 'utf8');
  };
  const text = write('one.json');
  const bom = JSON.parse(text) as Bom;
  expect([bom.bomFormat, bom.metadata.component.name]).toEqual(['CycloneDX', 'segl']);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const purls = new Set(bom.components.map(({ purl }) => decodeURIComponent(purl).split('?')[0]));
  for (const [name, version] of Object.entries(manifest['dependencies'] ?? {}))
    expect(purls).toContain(`pkg:npm/${name}@${version}`);
  for (const name of ['jest', 'typescript', 'eslint'])
    expect(bom.components.map((component) => component.name)).not.toContain(name);
  expect(write('two.json')).toBe(text);
});
