import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ensureBuilt, freePort, startProcess } from './running-process.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

function start(environment: Record<string, string>, ...args: string[]) {
  ensureBuilt();
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'dist/apps/appliance/main.js'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stderr };
}

describe('a start', () => {
  it('with a wrong configuration lists every fault, ends with 78 and leaves nothing behind', () => {
    const { status, stderr } = start({ SEGL_HTTP_PORT: 'eighty', SEGL_RELAY: 'typo', SEGL_PASSCODE_SENDER: 'a@b@c' });
    expect(status).toBe(78);
    for (const fault of [
      'SEGL_RELAY: no such variable',
      'SEGL_PUBLIC_URL (publicUrl): is missing',
      'SEGL_HTTP_PORT',
      'organisation: is missing',
      'SEGL_PASSCODE_SENDER',
    ]) {
      expect(stderr).toContain(fault);
    }
    expect(stderr).not.toMatch(/\bat .+:\d+:\d+/);
  });

  it('in production refuses the data and the keys of a demonstration, and the reverse', async () => {
    const demonstration = await startProcess();
    await demonstration.stop();
    const production = {
      SEGL_PUBLIC_URL: 'https://post.example.com',
      SEGL_RELAY_URL: 'smtp://127.0.0.1:1',
      SEGL_ORGANISATION_NAME: 'Example',
      SEGL_ORGANISATION_POSTAL_ADDRESS: 'Somewhere 1',
      SEGL_ORGANISATION_CONTACT_MAIL: 'post@example.com',
      SEGL_PASSCODE_SENDER: 'no-reply@example.com',
      SEGL_HTTP_PORT: String(await freePort()),
    };
    const onItsData = start({
      ...production,
      SEGL_DATA_DIR: demonstration.dataDir,
      SEGL_KEYRING: join(demonstration.dataDir, 'keyring'),
    });
    expect(onItsData.status).toBe(78);
    // The data and the keys, told together.
    expect(onItsData.stderr).toContain('holds the data of a demonstration');
    expect(onItsData.stderr).toContain('is marked DEMONSTRATION');

    const fresh = mkdtempSync(join(tmpdir(), 'segl-production-'));
    const onItsKeys = start({
      ...production,
      SEGL_DATA_DIR: fresh,
      SEGL_KEYRING: join(demonstration.dataDir, 'keyring'),
    });
    expect(onItsKeys).toMatchObject({ status: 78, stderr: expect.stringContaining('DEMONSTRATION') });
    const withoutKeys = start({ ...production, SEGL_DATA_DIR: fresh, SEGL_KEYRING: join(fresh, 'none') });
    expect(withoutKeys).toMatchObject({ status: 78, stderr: expect.stringContaining('segl keys init') });
    rmSync(fresh, { recursive: true });
    await demonstration.cleanUp();
  }, 60_000);

  it('tells a newcomer in three lines where to click', async () => {
    const demonstration = await startProcess();
    await demonstration.stop();
    const lines = demonstration
      .output()
      .split('\n')
      .filter((line) => /^ {2}\d\. /.test(line));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain(`${demonstration.url.origin}/demo/mailbox`);
    await demonstration.cleanUp();
  });

  it('says when the port is taken, and stops cleanly on SIGTERM', async () => {
    const first = await startProcess();
    const dataDir = mkdtempSync(join(tmpdir(), 'segl-data-'));
    const second = start({ SEGL_HTTP_PORT: first.url.port, SEGL_DATA_DIR: dataDir }, '--demonstration');
    expect(second).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('another program listens on that port'),
    });
    expect(await first.stop()).toBe(0);
    rmSync(dataDir, { recursive: true });
    await first.cleanUp();
  }, 60_000);
});
