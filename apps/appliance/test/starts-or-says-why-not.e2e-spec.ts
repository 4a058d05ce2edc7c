import { spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { redisServerPath, startRedisServer } from '#libs/ephemeral-store/testing';
import { initKeyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { ensureBuilt, startProcess } from './running-process.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

const production = {
  SEGL_PUBLIC_URL: 'https://post.example.com',
  SEGL_RELAY_URL: 'smtp://127.0.0.1:1',
  SEGL_ORGANISATION_NAME: 'Example',
  SEGL_ORGANISATION_POSTAL_ADDRESS: 'Somewhere 1',
  SEGL_ORGANISATION_CONTACT_MAIL: 'post@example.com',
  SEGL_ORGANISATION_TIME_ZONE: 'Europe/Copenhagen',
  SEGL_PASSCODE_SENDER: 'no-reply@example.com',
};
const withRedis = redisServerPath() === null ? it.skip : it;

/** A Node of the machine's own that is too old, where there is one. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  const { stdout } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return Number.parseInt(stdout ?? '', 10) < 24;
});

function start(environment: Record<string, string>, ...args: string[]) {
  ensureBuilt();
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'dist/apps/appliance/main.js'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, stderr };
}

describe('a start', () => {
  (oldNode === undefined ? it.skip : it)(
    'on a Node that is too old says which one is not, and where the right one is',
    () => {
      ensureBuilt();
      for (const program of ['appliance', 'operator']) {
        const file = join(root, 'dist', 'apps', program, 'main.js');
        const { status, stderr } = spawnSync(oldNode ?? '', [file], { encoding: 'utf8' });
        expect(stderr).toMatch(
          /^segl: this is Node \d[\d.]+, and Segl needs 24\.15 or newer: .*node_modules.*npx segl serve.*\n$/,
        );
        expect(status).toBe(78);
      }
    },
    300_000,
  );

  it('by "segl serve" becomes the appliance, with its faults and its exit code', () => {
    ensureBuilt();
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'dist/apps/operator/main.js'), 'serve'], {
      env: { PATH: process.env['PATH'] ?? '' },
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(stderr).toMatch(/^segl: starting on Node 24\./);
    expect(stderr).toContain('SEGL_PUBLIC_URL (publicUrl): is missing');
    expect(status).toBe(78);
  }, 300_000);

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
  }, 300_000);

  it('in production refuses the data and the keys of a demonstration, and the reverse', async () => {
    const demonstration = await startProcess();
    await demonstration.stop();
    const onFreePort = { ...production, SEGL_HTTP_PORT: String(await freePort()) };
    const onItsData = start({
      ...onFreePort,
      SEGL_DATA_DIR: demonstration.dataDir,
      SEGL_KEYRING: join(demonstration.dataDir, 'keyring'),
    });
    expect(onItsData.status).toBe(78);
    // The data and the keys, in one report.
    expect(onItsData.stderr).toContain('holds the data of a demonstration');
    expect(onItsData.stderr).toContain('is marked DEMONSTRATION');

    const fresh = mkdtempSync(join(tmpdir(), 'segl-production-'));
    const onItsKeys = start({
      ...onFreePort,
      SEGL_DATA_DIR: fresh,
      SEGL_KEYRING: join(demonstration.dataDir, 'keyring'),
    });
    expect(onItsKeys).toMatchObject({ status: 78, stderr: expect.stringContaining('DEMONSTRATION') });
    const [none, data] = [join(fresh, 'no keys'), join(fresh, 'data')];
    const withoutKeys = start({ ...onFreePort, SEGL_DATA_DIR: data, SEGL_KEYRING: none });
    expect(withoutKeys).toMatchObject({
      status: 78,
      stderr: expect.stringContaining(`"segl keys init --keyring '${none}'"`),
    });
    expect(readdirSync(fresh)).toEqual([]); // what is refused makes nothing
    rmSync(fresh, { recursive: true });
    await demonstration.cleanUp();
  }, 300_000);

  it('with its role’s keys alone, or says which of them is missing', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'segl-role-'));
    const keyring = join(directory, 'keyring');
    await initKeyring(keyring, { demonstration: false, now: new SystemClock().now() });
    const console: Record<string, string> = {
      ...production,
      SEGL_ROLES: 'console',
      SEGL_HTTP_HOST: '127.0.0.1',
      SEGL_KEYRING: keyring,
      SEGL_DATA_DIR: join(directory, 'data'),
    };
    const keepOnly = (its: RegExp) => {
      for (const file of readdirSync(keyring)) if (!its.test(file)) rmSync(join(keyring, file));
    };
    keepOnly(/^(?:ledger-|cookies-|person-wrapping-|person-index-|oidc-\d+\.pub$)/);
    const started = await startProcess({ arguments: [], dataDir: join(directory, 'data'), environment: console });
    expect(await started.stop()).toBe(0);
    keepOnly(/^ledger-/);
    const portal = start({ ...console, SEGL_ROLES: 'portal' });
    expect(portal.status).toBe(78);
    for (const kind of ['sealing', 'manifest', 'oidc', 'cookies', 'person-wrapping', 'person-index'])
      expect(portal.stderr).toContain(`has no ${kind} key`);
    expect(portal.stderr).not.toContain('has no ledger key');
    rmSync(directory, { recursive: true });
  }, 300_000);

  it('never with a store that is wrong, each reported with what to do', () => {
    const { status, stderr } = start({
      ...production,
      SEGL_ROLES: 'portal,teapot',
      SEGL_EVENT_STORE: 'esdb://admin:s3cret@es.example',
      SEGL_EPHEMERAL_STORE: 'memcached://cache.example',
      SEGL_PERSON_KEYS: 'postgres://segl:s3cret@db.example/segl',
    });
    expect(status).toBe(78);
    for (const fault of [
      'SEGL_ROLES (roles.1)',
      'name a file that holds it as stores.eventStoreCredentialsFile',
      'SEGL_EPHEMERAL_STORE (ephemeralStore): is neither memory:, redis://',
      'name a file that holds it as stores.personKeysPasswordFile',
    ])
      expect(stderr).toContain(fault);
    expect(stderr).not.toContain('s3cret');
  }, 300_000);

  it('never with a sign-in that could not work: every file and every provider that is wrong, and nothing of what is in them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'segl-sign-in-'));
    const keyring = join(directory, 'keyring');
    await initKeyring(keyring, { demonstration: false, now: new SystemClock().now() });
    const file = (name: string, text: string) => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const configured = (signIn: object) =>
      start({
        ...production,
        SEGL_KEYRING: keyring,
        SEGL_DATA_DIR: join(directory, 'data'),
        SEGL_CONFIG: file('segl.yaml', JSON.stringify({ signIn })),
      });
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const privateKeyFile = file('p384.key', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    const publicKeyFile = file('p384.pem', String(publicKey.export({ type: 'spki', format: 'pem' })));
    const rubbish = file('rubbish', 'MARKER');
    const clientSecretFile = file('secret', 's3cret');
    const issuer = 'https://idp.example.com';
    const program = { clientId: 'archive', kind: 'program', scopes: ['audit:read'] };

    for (const [signIn, ...faults] of [
      [
        { otherIssuer: { issuer: `${issuer}/?x`, clientId: 'x' }, facebook: [] },
        ['signIn.otherIssuer.issuer: has a query', 'signIn.facebook: no such setting'],
      ],
      [
        { otherIssuer: { issuer: 'http://idp.example.com', clientId: 'x' } },
        ['otherIssuer needs a clientSecretFile', 'http is spoken to privateAddresses alone'],
      ],
      [
        {
          google: [{ clientId: 'x', clientSecretFile: file('empty', '\n') }],
          microsoft: [{ clientId: 'x', clientSecretFile, privateAddresses: ['intranet'] }],
          organisation: [
            { name: 'O', issuer, clientId: 'x', clientSecretFile, domains: ['example.com'], caFile: rubbish },
            { id: 'second', name: 'P', issuer, clientId: 'x', privateKeyFile, domains: ['example.org'] },
          ],
          clients: [{ ...program, publicKeyFile: join(directory, 'missing') }],
          otherIssuer: { issuer, clientId: 'x', privateKeyFile, privateAddresses: ['127.0.0.1'] },
        },
        [
          'signIn: google: clientSecretFile: ',
          'empty is empty',
          'signIn: microsoft: neither an address nor a range',
          'rubbish holds no PEM certificates',
          'signIn: second: an elliptic key must be P-256',
          'missing cannot be read: ENOENT',
          'signIn.otherIssuer: an elliptic key must be P-256',
        ],
      ],
      [{ clients: [{ ...program, publicKeyFile }] }, ['client "archive": a public key must be P-256']],
    ] as const) {
      const { status, stderr } = configured(signIn);
      expect(status).toBe(78);
      for (const fault of faults.flat()) expect(stderr).toContain(fault);
      expect(stderr).not.toMatch(/MARKER|s3cret|PRIVATE KEY|\bat .+:\d+:\d+/);
    }
    rmSync(directory, { recursive: true });
  }, 300_000);

  withRedis(
    'never on a Redis that would keep what must be forgotten',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'segl-unsafe-'));
      const keyring = join(directory, 'keyring');
      await initKeyring(keyring, { demonstration: false, now: new SystemClock().now() });
      const redis = await startRedisServer({ save: '3600 1', 'maxmemory-policy': 'allkeys-lru' });
      try {
        const { status, stderr } = start({
          ...production,
          SEGL_KEYRING: keyring,
          SEGL_DATA_DIR: join(directory, 'data'),
          SEGL_EPHEMERAL_STORE: redis.url,
        });
        expect(status).toBe(78);
        expect(stderr).toContain(
          'SEGL_EPHEMERAL_STORE (ephemeralStore): is not safe to use: the server saves snapshots',
        );
        expect(stderr).toContain('set maxmemory-policy noeviction');
      } finally {
        await redis.stop();
        rmSync(directory, { recursive: true });
      }
    },
    180_000,
  );

  it('that waits for a server and is stopped meanwhile says so, and ends well', async () => {
    ensureBuilt();
    const directory = mkdtempSync(join(tmpdir(), 'segl-waiting-'));
    const keyring = join(directory, 'keyring');
    await initKeyring(keyring, { demonstration: false, now: new SystemClock().now() });
    const environment = {
      ...{ PATH: process.env['PATH'] ?? '', ...production, SEGL_KEYRING: keyring },
      ...{ SEGL_DATA_DIR: join(directory, 'data'), SEGL_EVENT_STORE: 'esdb://127.0.0.1:1?tls=false' },
      ...{ SEGL_HTTP_PORT: String(await freePort()), SEGL_MANAGEMENT_PORT: '0' },
    };
    const child = spawn(process.execPath, [join(root, 'dist/apps/appliance/main.js')], { env: environment });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let output = '';
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    while (!output.includes('not ready, and waiting') && child.exitCode === null)
      await new Promise((resume) => setTimeout(resume, 25));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(output.trimEnd().split('\n').at(-1)).toMatch(/"level":"info".*"stopped before it was ready"/);
    rmSync(directory, { recursive: true });
  }, 300_000);

  it('tells a newcomer in a few lines where to click', async () => {
    const demonstration = await startProcess();
    await demonstration.stop();
    const lines = demonstration
      .output()
      .split('\n')
      .filter((line) => /^ {2}\d\. /.test(line));
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain(`${demonstration.url.origin}/demo/mailbox`);
    expect(lines[3]).toContain(`${demonstration.url.origin}/console`);
    await demonstration.cleanUp();
  }, 300_000);

  it('says when the port is taken, and stops cleanly on SIGTERM, which stands in the log as all does: levels in words', async () => {
    const first = await startProcess({ environment: { SEGL_LOG_LEVEL: 'info' } });
    const dataDir = mkdtempSync(join(tmpdir(), 'segl-data-'));
    const second = start({ SEGL_HTTP_PORT: first.url.port, SEGL_DATA_DIR: dataDir }, '--demonstration');
    expect(second).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('another program listens on that port'),
    });
    expect(await first.stop()).toBe(0);
    const logged = first.output().matchAll(/^\{.*\}$/gm);
    const lines = [...logged].map(([line]) => JSON.parse(line) as { level: unknown; msg: string });
    expect(lines.filter(({ level }) => !['debug', 'info', 'warn', 'error', 'fatal'].includes(String(level)))).toEqual(
      [],
    );
    expect(lines.map(({ msg }) => msg).filter((msg) => /^(ready|stop)/.test(msg))).toEqual([
      'ready',
      'stopping',
      'stopped',
    ]);
    rmSync(dataDir, { recursive: true });
    await first.cleanUp();
  }, 300_000);
});
