import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { example, HELM, podsOf } from './rendered-chart.ts';

const operator = resolve(import.meta.dirname, '../../dist/apps/operator/main.js');
const [[, pod] = ['', undefined]] = HELM === null ? [] : podsOf(example('embedded-behind-an-ingress.yaml'));
const container = pod?.containers.find(({ name }) => name === 'backup');
const needed = HELM !== null && existsSync(operator) && existsSync('/usr/bin/faketime');

(needed ? describe : describe.skip)('the container that makes backups', () => {
  const place = mkdtempSync(join(tmpdir(), 'segl-chart-backup-'));
  const at = (path: string) => join(place, path);
  let running: ChildProcess | undefined;
  afterAll(() => {
    // With what it began: in a pod its end is the end of all of it.
    if (running?.pid !== undefined) spawnSync('kill', ['-9', '--', `-${running.pid}`]);
    rmSync(place, { recursive: true, force: true });
  });

  function program(name: string, ...lines: string[]): void {
    writeFileSync(at(`bin/${name}`), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
  }

  function segl(...argv: string[]): string {
    const environment = { PATH: `${at('bin')}:${process.env['PATH']}`, SEGL_CONFIG: at('segl.yaml') };
    const { status, stdout, stderr } = spawnSync(at('bin/segl'), argv, { env: environment, encoding: 'utf8' });
    expect([argv[0], status, status === 0 ? '' : stderr]).toEqual([argv[0], 0, '']);
    return stdout;
  }

  it('sees the volume, the keyring and the configuration of the appliance, and writes to a volume of its own', () => {
    const appliance = pod?.containers.find(({ name }) => name === 'segl');
    expect(container?.image).toBe(appliance?.image);
    expect(container?.volumeMounts).toEqual([
      ...(appliance?.volumeMounts ?? []),
      { name: 'backups', mountPath: '/backups' },
    ]);
    const claims = example('embedded-behind-an-ingress.yaml').filter(({ kind }) => kind === 'PersistentVolumeClaim');
    expect(claims.map(({ metadata }) => metadata.name)).toEqual(['post-segl-backups']);
    expect(pod?.volumes).toContainEqual({ name: 'backups', persistentVolumeClaim: { claimName: 'post-segl-backups' } });
  });

  it('makes a whole one when its time comes, lets older ones go, and ends when it is told to', async () => {
    for (const directory of ['bin', 'backups', 'data']) mkdirSync(at(directory), { mode: 0o700 });
    program('segl', `exec ${process.execPath} ${operator} "$@"`);
    // A second before its hour, for ever.
    program('date', 'TZ=UTC exec faketime -f \'2026-11-30 01:29:59\' /usr/bin/date "$@"');
    writeFileSync(
      at('segl.yaml'),
      JSON.stringify({
        publicUrl: 'https://post.nordlys.example',
        relayUrl: 'smtp://127.0.0.1:1',
        dataDir: at('data'),
        keyring: at('keyring'),
        organisation: { name: 'N', postalAddress: 'H', contactMail: 'post@nordlys.example', timeZone: 'UTC' },
        passcode: { sender: 'no-reply@nordlys.example' },
      }),
    );
    segl('keys', 'init', '--keyring', at('keyring'));
    writeFileSync(at('mail.eml'), 'From: a@nordlys.example\r\nSubject: x\r\n\r\nx\r\n');
    segl('seal', '--from', 'a@nordlys.example', '--to', 'anna@example.com', at('mail.eml')); // there is a record then
    writeFileSync(at('backup-recipients'), segl('keys', 'backup-identity', at('identity')));
    writeFileSync(at('backups/segl-old.age'), 'x');
    spawnSync('touch', ['-d', '2020-01-01', at('backups/segl-old.age')]);

    const script = (container?.args?.[0] ?? '')
      .replaceAll('/backups', at('backups'))
      .replace('/etc/segl/', `${place}/`);
    const PATH = `${at('bin')}:${process.env['PATH']}`;
    running = spawn('sh', ['-c', script], {
      env: { PATH, SEGL_CONFIG: at('segl.yaml') },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    for (const stream of [running.stdout, running.stderr])
      stream?.on('data', (text: Buffer) => (said += text.toString()));
    const ended = new Promise((resolve) => running?.once('exit', resolve));
    const made = () => globSync(at('backups/segl-2026-11-30-012959.age'));
    for (const deadline = Date.now() + 60_000; made().length === 0 || existsSync(at('backups/segl-old.age'));) {
      if (Date.now() > deadline) throw new Error(`no backup came: ${said}`);
      await new Promise((wake) => setTimeout(wake, 50));
    }
    running.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(readFileSync(made()[0] ?? '', 'latin1')).toMatch(/^age-encryption\.org\/v1\n/);
    segl('restore', made()[0] ?? '', '--identity', at('identity'), '--to', at('restored'), '--dry-run');
  }, 120_000);
});
