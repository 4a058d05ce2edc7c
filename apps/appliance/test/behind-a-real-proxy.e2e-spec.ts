import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as ask } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { initKeyring } from '#libs/keyring';
import { startSmtpSink } from '#libs/mail/testing';
import type { SmtpSink } from '#libs/mail/testing';
import { SystemClock } from '#libs/vocabulary';
import { freePort } from '#libs/vocabulary/testing';
import { OBSERVATORY, observatoryOf, TESTSSL, testsslOf } from './judges-from-outside.ts';
import { makeCertificate, notHereBecause, RECIPES, startProxy } from './real-proxies.ts';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

let place: string;
let sink: SmtpSink;
let appliance: RunningProcess;
/** Between proxy and appliance: what the proxy sent. */
let recorder: Server;
let received: { headers: IncomingMessage['headers']; bytes: number };

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'segl-proxies-'));
  sink = await startSmtpSink();
  const keyring = join(place, 'keyring');
  await initKeyring(keyring, { demonstration: false, now: new SystemClock().now() });
  appliance = await startProcess({
    arguments: [],
    environment: {
      SEGL_PUBLIC_URL: 'https://localhost',
      SEGL_HTTP_HOST: '127.0.0.1',
      SEGL_TRUSTED_PROXIES: '127.0.0.1',
      SEGL_KEYRING: keyring,
      SEGL_RELAY_URL: `smtp://127.0.0.1:${sink.port}`,
      SEGL_ORGANISATION_NAME: 'Nordlys',
      SEGL_ORGANISATION_POSTAL_ADDRESS: 'Havnegade 1',
      SEGL_ORGANISATION_CONTACT_MAIL: 'post@nordlys.example',
      SEGL_ORGANISATION_TIME_ZONE: 'Europe/Copenhagen',
      SEGL_PASSCODE_SENDER: 'no-reply@nordlys.example',
    },
  });
  recorder = createServer((from, to) => {
    received = { headers: from.headers, bytes: 0 };
    from.on('data', (piece: Buffer) => (received.bytes += piece.length));
    const { port } = appliance.url;
    const asked = ask(
      { host: '127.0.0.1', port, method: from.method, path: from.url, headers: from.headers },
      (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(to);
      },
    );
    asked.once('error', () => to.destroy());
    from.pipe(asked);
  });
  await new Promise<void>((listening) => recorder.listen(0, '127.0.0.1', listening));
}, 300_000);

afterAll(async () => {
  recorder.closeAllConnections();
  recorder.close();
  await appliance.stop();
  await appliance.cleanUp();
  await sink.close();
  await rm(place, { recursive: true, force: true });
});

async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await new Promise((wake) => setTimeout(wake, 50))) {
    if (await isSo()) return;
  }
  throw new Error(`not within a minute: ${what}`);
}

it('a connection is kept longer than proxies keep it, so that none is closed under a form that is just being sent', async () => {
  const { headers } = await fetch(new URL('/healthz', appliance.url));
  expect(headers.get('keep-alive')).toBe('timeout=620');
});

describe.each(RECIPES)('behind $program, by $file', (recipe) => {
  const reason = notHereBecause(recipe);
  const withProxy = reason === null ? it : it.skip;
  let proxy: ChildProcess | undefined;
  let ca: Buffer;
  let tls: number;
  let plain: number;

  const options = (path: string, headers: Record<string, string> = {}) =>
    ({
      host: '127.0.0.1',
      servername: 'localhost',
      port: tls,
      path,
      ca,
      headers: { host: 'localhost', ...headers },
    }) as const;
  const get = (path: string, headers?: Record<string, string>) =>
    new Promise<{ status: number; headers: IncomingMessage['headers'] }>((resolve, reject) => {
      const asked = request(options(path, headers), (answer) => {
        answer.resume().once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
      });
      asked.once('error', reject).end();
    });

  beforeAll(async () => {
    if (reason !== null) return;
    const own = join(place, recipe.file.replace(/\W/g, '-'));
    makeCertificate(own);
    ca = await readFile(join(own, 'cert.pem'));
    [tls, plain] = [await freePort(), await freePort()];
    const management = Number(appliance.managementUrl.port);
    proxy = startProxy(recipe, { tls, plain, upstream: (recorder.address() as AddressInfo).port, management }, own);
    await until(
      async () => (await get('/healthz').catch(() => ({ status: 0 }))).status === 200,
      `${recipe.file} answers`,
    );
  }, 120_000);

  afterAll(async () => {
    if (proxy === undefined) return;
    const ended = new Promise((resolve) => proxy?.once('exit', resolve));
    proxy.kill('SIGTERM');
    await ended;
  });

  withProxy(
    `a reader finds the portal, and nothing that is for those who watch${reason ? ` (${reason})` : ''}`,
    async () => {
      expect(await get('/privacy')).toMatchObject({
        status: 200,
        headers: { 'strict-transport-security': 'max-age=31536000' },
      });
      for (const path of ['/metrics', '/readyz', '/metrics/', '//metrics', '/%6detrics', '/healthz/../metrics'])
        expect([path, (await get(path)).status]).toEqual([path, 404]);
    },
  );

  // Caddy does it by itself, on the port that is 80 there alone.
  (recipe.file.endsWith('Caddyfile') ? it.skip : withProxy)('who types the name alone is led to https', async () => {
    const url = `http://127.0.0.1:${plain}/help`;
    const answer = await fetch(url, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([
      301,
      expect.stringMatching(/^https:\/\/.+\/help$/),
    ]);
  });

  withProxy('a connection is encrypted by what RFC 9325 recommends, and by nothing older', async () => {
    const meets = (wanted: ConnectionOptions) =>
      new Promise<string | null>((resolve) => {
        const socket = connect({ host: '127.0.0.1', servername: 'localhost', port: tls, ca, ...wanted });
        socket.once('secureConnect', () => {
          resolve(socket.getCipher().name);
          socket.destroy();
        });
        socket.once('error', () => resolve(null));
      });
    expect(await meets({ minVersion: 'TLSv1.3' })).toMatch(/^TLS_/);
    const before13 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    for (const ciphers of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'])
      expect(await meets({ ...before13, ciphers })).toBe(ciphers);
    for (const ciphers of ['ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-CCM8'])
      expect(await meets({ ...before13, ciphers: `${ciphers}:@SECLEVEL=0` })).toBeNull();
    expect(
      await meets({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0' }),
    ).toBeNull();
  });

  // Not twice of one program: it takes as long as all the rest.
  (reason === null && TESTSSL !== null && !recipe.file.startsWith('..') ? it : it.skip)(
    'testssl.sh finds nothing to mend',
    async () => {
      const findings = await testsslOf(tls, join(place, recipe.file.replace(/\W/g, '-')));
      const bySeverity = (...severities: string[]) => findings.filter(({ severity }) => severities.includes(severity));
      expect(bySeverity('LOW', 'MEDIUM', 'HIGH', 'CRITICAL', 'WARN', 'FATAL')).toEqual([]);
      const of = (id: string) => findings.find((each) => each.id === id)?.finding ?? '';
      for (const protocol of ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1']) expect(of(protocol)).toMatch(/^not offered/);
      for (const protocol of ['TLS1_2', 'TLS1_3']) expect(of(protocol)).toMatch(/^offered/);
      expect(of('HSTS_time')).toMatch(/^365 days/);
    },
    240_000,
  );

  (reason === null && OBSERVATORY !== null ? it : it.skip)(
    'MDN’s HTTP Observatory gives it the best grade',
    async () => {
      const certificate = join(place, recipe.file.replace(/\W/g, '-'), 'cert.pem');
      const { grade, score, testsPassed, testsQuantity, tests } = await observatoryOf(tls, certificate);
      expect(Object.entries(tests).filter(([, { pass }]) => !pass)).toEqual([]);
      expect([grade, testsPassed, score >= 125]).toEqual(['A+', testsQuantity, true]);
    },
    60_000,
  );

  withProxy('what a reader claims of the way here is not believed', async () => {
    await get('/healthz', {
      'X-Forwarded-For': '203.0.113.9',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'elsewhere.example',
      Forwarded: 'for=203.0.113.9',
    });
    expect(received.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' });
    expect(received.headers['x-forwarded-host']).not.toBe('elsewhere.example');
    // The appliance reads one header alone (SEGL_PROXY_HEADER), so Caddy may leave the other as it came.
    if (!recipe.file.endsWith('Caddyfile')) expect(received.headers.forwarded).toBeUndefined();
  });

  withProxy('an upload reaches the portal while it is still under way, and lies nowhere in between', async () => {
    const half = Buffer.alloc(20 * 1024 * 1024, 'a');
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(half.length * 2) };
    let isOver = false;
    const asked = request({ ...options('/open', headers), method: 'POST' });
    asked.once('error', () => (isOver = true)).once('response', (answer) => answer.resume());
    received = { headers: {}, bytes: 0 };
    asked.write(half.subarray(0, 1024 * 1024));
    await until(() => received.bytes > 0 || isOver, 'the first piece arrives');
    expect(received.bytes).toBeGreaterThan(0);
    asked.destroy();
  });
});
