import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { isLetThrough, textOf } from '../../apps/appliance/test/image-files.ts';
import { digestOfInputs, imageInputs } from './image-inputs.mjs';

const root = resolve(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'segl-inputs-'));
afterAll(() => rmSync(copy, { recursive: true }));

it('an image is made of what its build may see, and of nothing else', () => {
  const ignore = textOf('.containerignore');
  const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const seen = tracked.filter((path) => isLetThrough(path, ignore));
  expect(seen.length).toBeGreaterThan(500);
  expect(imageInputs(root)).toEqual([...seen, 'ops/images/Containerfile'].sort());
});

it('the same inputs have the same digest wherever and whenever they were written, others have another', () => {
  const inputs = imageInputs(root);
  // In another order, at another time, among files that no build sees.
  for (const path of inputs.toReversed()) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
    utimesSync(join(copy, path), 0, 0);
  }
  writeFileSync(join(copy, dirname(inputs.find((path) => path.startsWith('apps/')) ?? ''), 'other.spec.ts'), 'x');
  const digest = digestOfInputs(root, 'sha256:base');
  expect(digestOfInputs(copy, 'sha256:base')).toBe(digest);
  expect(digestOfInputs(copy, 'sha256:another')).not.toBe(digest);
  writeFileSync(join(copy, 'ops/build.mjs'), '');
  expect(digestOfInputs(copy, 'sha256:base')).not.toBe(digest);
});
