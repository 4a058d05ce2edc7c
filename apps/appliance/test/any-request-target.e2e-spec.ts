import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProcess } from './running-process.ts';
import type { RunningProcess } from './running-process.ts';

const PATIENCE_MS = 180_000;

/** One request, written by hand as no library would; what comes back until the connection ends. */
function raw(portal: URL, line: string, host = 'localhost'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const head = `${line} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`;
    const socket = connect(Number(portal.port), portal.hostname, () => socket.write(head));
    let text = '';
    socket.on('data', (piece) => (text += piece.toString()));
    socket.on('error', reject);
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text }));
  });
}

describe('a request target', () => {
  let portal: RunningProcess;
  beforeAll(async () => {
    portal = await startProcess();
  }, PATIENCE_MS);
  afterAll(async () => {
    await portal.stop();
    await portal.cleanUp();
  }, PATIENCE_MS);

  it('in absolute form is answered as in origin form (RFC 9112 §3.2.2)', async () => {
    const { origin } = portal.url;
    for (const path of ['/', '/privacy', '/oidc/.well-known/openid-configuration', '/m/abc', '/nowhere']) {
      const [absolute, plain] = [await raw(portal.url, `GET ${origin}${path}`), await raw(portal.url, `GET ${path}`)];
      expect([path, absolute.status]).toEqual([path, plain.status]);
    }
    const bare = await raw(portal.url, `GET ${origin}`);
    expect(bare.status).toBe(200);
    const asked = await raw(portal.url, `GET ${origin}/?lang=da`);
    expect(asked.text).toContain('lang="da"');
  });

  it('in absolute form names the host, whatever the Host field says', async () => {
    const refused = await raw(portal.url, 'GET http://rebound.example/');
    expect(refused.status).toBe(421);
    expect(refused.text).toMatch(/^Content-Security-Policy: default-src 'none'/im);
    expect(refused.text).not.toMatch(/^X-Powered-By/im);
    expect((await raw(portal.url, `GET ${portal.url.origin}/`, 'rebound.example')).status).toBe(200);
  });

  it.each([
    'GET http://localhost/authenticate?state=x&code=y',
    'GET http://localhost/sign-in/callback/google?state=x&code=y',
    'GET http://localhost/oidc/auth?client_id=portal',
    'POST http://localhost/oidc/token',
    'GET http://localhost/m/../../x',
    'GET http://localhost?x',
    'GET http://',
    'GET http://[::1/',
    'GET HTTP://LOCALHOST//privacy',
    'GET http://user:secret@localhost/',
    'GET //evil.example/privacy',
    'GET /authenticate?state=%zz&code=%',
    'GET /sign-in/callback/%zz?state=%ff',
    'GET /m/%ff',
    'GET /%',
    'GET /oidc/auth/%zz',
    'GET /oidc//auth?client_id=%00',
    'GET ftp://localhost/x',
    'OPTIONS *',
    'GET *',
    'HEAD http://localhost/oidc/jwks',
  ])('that nobody expects is never a fault of ours: %s', async (line) => {
    const { status } = await raw(portal.url, line);
    expect([line, status >= 200 && status < 500]).toEqual([line, true]);
    expect(portal.output()).not.toMatch(/unexpected error|TypeError/);
  });
});
