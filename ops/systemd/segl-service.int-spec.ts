import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '..', '..');
const unitAt = (name: string) => join(import.meta.dirname, name);
const text = readFileSync(unitAt('segl.service'), 'utf8');
const systemd = existsSync('/usr/bin/systemd-analyze');

describe('the unit file', () => {
  const units = ['segl.service', 'segl-backup.service'];
  (systemd ? it : it.skip).each(units)('%s is open to 2.0 at most, by systemd’s own judgement', (name) => {
    const argv = ['security', '--offline=true', '--threshold=20', unitAt(name)];
    const { status, stdout } = spawnSync('systemd-analyze', argv, { encoding: 'utf8' });
    expect(stdout).toMatch(new RegExp(`Overall exposure level for ${name}: [01]\\.\\d`));
    expect(status).toBe(0);
  });

  (systemd ? it : it.skip).each([...units, 'segl-backup.timer'])(
    '%s has no word that systemd does not know',
    (name) => {
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unitAt(name)], { encoding: 'utf8' });
      // Nothing is installed there on a machine that tests.
      const faults = stderr.split('\n').filter((line) => line.includes('segl') && !line.includes('is not executable'));
      expect(faults).toEqual([]);
    },
  );

  it('of the backup runs what stands in the runbook, beside the service and as its user', () => {
    const backup = readFileSync(unitAt('segl-backup.service'), 'utf8');
    expect(backup).toContain('/opt/segl/dist/apps/operator/main.js backup "/srv/backups/segl-');
    for (const line of ['User=segl', 'LimitCORE=1', 'MemorySwapMax=0', 'UMask=0077'])
      expect(backup).toContain(`\n${line}\n`);
  });

  it('starts what a build makes, on the Node of the lockfile, and not again on a faulty configuration', () => {
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(text) ?? [];
    const paths = command.split(' ').filter((word) => word.startsWith('/opt/segl/'));
    expect(paths).toHaveLength(2);
    // A tree that was never built has the source of what is built there.
    const source = (path: string) => path.replace('/opt/segl/', '').replace(/^dist\/(.*)\.js$/, '$1.ts');
    for (const path of paths) expect([path, existsSync(join(root, source(path)))]).toEqual([path, true]);
    expect(text).toContain('RestartPreventExitStatus=78');
    expect(text).toMatch(/^LimitCORE=1$/m);
    expect(text).toMatch(/^MemorySwapMax=0$/m);
  });
});
