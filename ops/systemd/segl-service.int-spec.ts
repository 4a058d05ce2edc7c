import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..', '..');
const unit = join(import.meta.dirname, 'segl.service');
const text = readFileSync(unit, 'utf8');
const systemd = existsSync('/usr/bin/systemd-analyze');

describe('the unit file', () => {
  (systemd ? it : it.skip)('leaves the service open to 2.0 at most, by systemd’s own judgement', () => {
    const { status, stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/Overall exposure level for segl\.service: [01]\.\d/);
    expect(status).toBe(0);
  });

  (systemd ? it : it.skip)('has no word that systemd does not know', () => {
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    // Nothing is installed there on a machine that tests.
    const faults = stderr
      .split('\n')
      .filter((line) => line.includes('segl.service') && !line.includes('is not executable'));
    expect(faults).toEqual([]);
  });

  it('starts what a build makes, on the Node of the lockfile, and not again on a faulty configuration', () => {
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(text) ?? [];
    const paths = command.split(' ').filter((word) => word.startsWith('/opt/segl/'));
    expect(paths).toHaveLength(2);
    // A tree that was never built has the source of what is built there.
    const source = (path: string) => path.replace('/opt/segl/', '').replace(/^dist\/(.*)\.js$/, '$1.ts');
    for (const path of paths) expect([path, existsSync(join(root, source(path)))]).toEqual([path, true]);
    expect(text).toContain('RestartPreventExitStatus=78');
    expect(text).toMatch(/^LimitCORE=0$/m);
    expect(text).toMatch(/^MemorySwapMax=0$/m);
  });
});
