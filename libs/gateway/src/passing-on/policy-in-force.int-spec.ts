import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PolicyFaulty, PolicyInForce } from './policy-in-force.ts';

let directory: string;
let file: string;
const today = () => new Date('2026-11-30T12:00:00Z');
const rule = (name: string) => `rules:\n  - name: ${name}\n    seal: true\n`;
const names = ({ policy }: PolicyInForce) => policy.rules.map(({ name }) => name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'segl-policy-'));
  file = join(directory, 'policy.yaml');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('stops the start where the file is faulty, with every fault and its line', async () => {
  await writeFile(file, 'rules:\n  - name: A\n    seal: true\n  - name: b\n    shred: true\n');
  expect(() => new PolicyInForce(file, today)).toThrow(PolicyFaulty);
  try {
    new PolicyInForce(file, today);
  } catch (error) {
    const { faults } = error as PolicyFaulty;
    expect(faults.some((fault) => fault.startsWith('line 2, rules.0.name: '))).toBe(true);
    expect(faults.some((fault) => fault.includes('rules.1'))).toBe(true);
  }
  expect(() => new PolicyInForce(join(directory, 'missing.yaml'), today)).toThrow('ENOENT');
});

it('takes a new file when asked to, and keeps the old policy where the new one is faulty', async () => {
  await writeFile(file, rule('first'));
  const inForce = new PolicyInForce(file, today);
  expect(names(inForce)).toEqual(['first']);
  await writeFile(file, rule('second'));
  expect(names(inForce)).toEqual(['first']);
  expect(inForce.reload()).toBe(true);
  expect(names(inForce)).toEqual(['second']);

  await writeFile(file, 'rules: 7\n');
  expect(inForce.reload()).toBe(false);
  expect(names(inForce)).toEqual(['second']);
  expect(inForce.faults).toEqual([expect.stringContaining('rules')]);

  await writeFile(file, rule('third'));
  expect(inForce.reload()).toBe(true);
  expect(inForce.faults).toEqual([]);
  expect(names(inForce)).toEqual(['third']);
});

it('seals everything where there is no file', () => {
  const { policy } = new PolicyInForce(null, today);
  expect(policy.otherwise.action).toBe('seal');
  expect(policy.machineMail.bounces).toBe('pass');
});
