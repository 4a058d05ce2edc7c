import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { segl } from './test/captured-terminal.ts';

const ROOT = join(import.meta.dirname, '../..');
const runbook = readFileSync(join(ROOT, 'ops/runbooks/moving-in.md'), 'utf8');
/** Every line that begins with `segl`, with the lines that go on behind a backslash. */
const commands = [...runbook.matchAll(/^(?:\w+=\S+ )?segl ((?:.*\\\n)*.*)$/gm)].map(([, words]) =>
  (words ?? '').replaceAll('\\\n', ' ').split(/\s+/),
);

describe('the runbook for moving in', () => {
  it('has the commands that it is about', () => {
    expect(new Set(commands.map((words) => words.filter((word) => /^[a-z]+$/.test(word)).join(' ')))).toEqual(
      new Set(['doctor', 'backup', 'events copy', 'persons copy']),
    );
  });

  it.each(commands.map((words) => [words.join(' '), words] as const))(
    'names options that there are: segl %s',
    async (_, words) => {
      const end = words.findIndex((word) => word.startsWith('-'));
      const help = await segl([...words.slice(0, end < 0 ? undefined : end), '--help']);
      const all = help.text + (await segl(['--help'])).text;
      expect(help.exitCode).toBe(0);
      for (const option of words.filter((word) => word.startsWith('--'))) expect(all).toContain(`${option} `);
    },
  );

  it('names files of this repository, metrics and paths that there are', () => {
    for (const [path] of runbook.matchAll(/\b(ops|apps)\/[\w./-]+\.(md|ts|conf)\b/g)) {
      expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
    }
    const metrics = readFileSync(join(ROOT, 'libs/telemetry/src/metrics.ts'), 'utf8');
    for (const [metric] of runbook.matchAll(/\bsegl_[a-z]+_[a-z]+\b/g)) expect(metrics).toContain(metric);
  });
});
