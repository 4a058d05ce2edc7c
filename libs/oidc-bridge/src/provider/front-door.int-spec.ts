import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assertion, post, postAs } from '../testing/stranger-client-assertion.ts';
import { StrangerHouse, strangerKeyOf, toSignIn } from '../testing/stranger-client-house.ts';
import { PUBLIC_URL } from '../testing/stranger-client-portal.ts';

const LIES: Readonly<Record<string, string>> = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '81',
  'x-forwarded-for': '10.0.0.1',
  forwarded: 'host=evil.example;proto=http',
  'x-original-url': '/evil',
};

describe('the front of the provider', () => {
  let house: StrangerHouse;
  beforeAll(async () => {
    house = await StrangerHouse.open();
  });
  afterAll(() => house.close());

  const ask = (path: string, init: RequestInit = {}) => house.portal.transport(new URL(path, PUBLIC_URL), init);

  it('is at one address, whatever a request says of its host', async () => {
    const answer = await ask('/oidc/.well-known/openid-configuration', { headers: LIES });
    const text = await answer.text();
    expect(text).not.toContain('evil');
    expect(JSON.parse(text)).toMatchObject({
      issuer: 'https://portal.example.org/oidc',
      authorization_endpoint: 'https://portal.example.org/oidc/auth',
      token_endpoint: 'https://portal.example.org/oidc/token',
      jwks_uri: 'https://portal.example.org/oidc/jwks',
    });
  });

  it.each([
    'GET http://evil.example/oidc/.well-known/openid-configuration HTTP/1.1',
    'GET /OIDC/.well-known/openid-configuration HTTP/1.1',
    'GET /oidc/.well-known/openid-configuration?/.well-known/openid-configuration HTTP/1.1',
  ])('and however it is asked: %s', async (line) => {
    const text = await rawRequest(house.portal.port, `${line}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
    expect(text).not.toContain('evil');
    expect(text).toContain('"issuer":"https://portal.example.org/oidc"');
    expect(text).toContain('"jwks_uri":"https://portal.example.org/oidc/jwks"');
  });

  it('says of itself where RFC 8414 §3.1 looks, what it says below its issuer', async () => {
    const below = await ask('/oidc/.well-known/oauth-authorization-server');
    const before = await ask('/.well-known/oauth-authorization-server/oidc', { headers: LIES });
    expect([before.status, before.headers.get('content-type')]).toEqual([200, below.headers.get('content-type')]);
    const text = await before.text();
    expect(text).toBe(await below.text());
    expect(JSON.parse(text)).toMatchObject({ issuer: 'https://portal.example.org/oidc' });
    for (const path of ['', '/', '/oidc/', '/other', '/oidc/jwks']) {
      expect([path, (await ask(`/.well-known/oauth-authorization-server${path}`)).status]).toEqual([path, 404]);
    }
    expect((await ask('/.well-known/oauth-authorization-server/oidc', { method: 'POST' })).status).not.toBe(200);
  });

  it('sends the browser on to its own address, with cookies as the public address wants them', async () => {
    const client = await house.client('archive');
    const { location } = await client.begin();
    const browser = house.browser();
    const answer = await browser.get(location, LIES);
    expect(answer.headers.get('location')).toMatch(/^\/sign-in\//);
    const set = answer.headers.getSetCookie();
    expect(set).toHaveLength(5);
    for (const cookie of set) {
      expect(cookie).toMatch(/^__(Host|Secure)-segl/);
      expect(cookie).toMatch(/; secure/i);
      expect(cookie).toMatch(/; httponly/i);
      expect(cookie).toMatch(/; samesite=lax/i);
      expect(cookie).not.toMatch(/; domain/i);
    }
    const finished = await browser.get(`${answer.location?.pathname}/finish?as=anna`, LIES);
    expect(finished.status).toBe(303);
    expect(finished.location?.href).toMatch(/^https:\/\/portal\.example\.org\/oidc\/auth\//);
  });

  it('lets no other origin read anything', async () => {
    const headers = { origin: 'https://evil.example' };
    const client = await house.client('archive');
    const answers = [
      await ask('/oidc/.well-known/openid-configuration', { headers }),
      await ask('/oidc/jwks', { headers }),
      await ask((await client.begin()).location.href.slice(PUBLIC_URL.origin.length), { headers }),
      await ask('/oidc/auth', { headers }),
      await ask('/oidc/token', { headers, method: 'POST', body: 'grant_type=client_credentials' }),
      await ask('/oidc/request', { headers, method: 'POST', body: 'client_id=archive' }),
      await ask('/oidc/token', { headers: { ...headers, 'access-control-request-method': 'POST' }, method: 'OPTIONS' }),
      await ask('/oidc/auth', { headers: { ...headers, 'access-control-request-method': 'GET' }, method: 'OPTIONS' }),
    ];
    for (const { headers: given } of answers) {
      expect([...given.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
    expect(answers.slice(0, 2).map(({ status }) => status)).toEqual([200, 200]);
  });

  it.each([
    ['POST', '/oidc/reg'],
    ['GET', '/oidc/reg/archive'],
    ['GET', '/oidc/me'],
    ['POST', '/oidc/me'],
    ['GET', '/oidc/session/end'],
    ['POST', '/oidc/session/end/confirm'],
    ['POST', '/oidc/token/introspection'],
    ['POST', '/oidc/token/revocation'],
    ['POST', '/oidc/device/auth'],
    ['GET', '/oidc/device'],
    ['POST', '/oidc/backchannel'],
    ['POST', '/oidc/challenge'],
    ['GET', '/oidc/interaction/abc'],
    ['POST', '/oidc/auth'],
    ['GET', '/oidc/token'],
    ['GET', '/oidc/auth/../../x'],
    ['GET', '/oidc'],
  ])('has no %s %s', async (method, path) => {
    const answer = await ask(path, { method, headers: { accept: 'text/html' } });
    expect([403, 404, 405]).toContain(answer.status); // 403: a form without the field that the pages' forms have
    expect(await answer.text()).toContain('</html>');
  });

  it('shows a page like any other where it cannot send the browser back, in the language of the reader', async () => {
    const english = await house.browser().get('/oidc/auth?client_id=nobody');
    expect(english.status).toBe(400);
    expect(english.headers.get('content-type')).toContain('text/html');
    expect(english.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(english.body).toContain('Nordlys Advokater');
    expect(english.body).toContain('/oidc/auth?lang&#x3D;da');
    const danish = await house.browser().get('/oidc/auth?client_id=nobody', { 'accept-language': 'da' });
    expect(danish.body).toContain('Dette login kan ikke fortsætte');
  });

  it('answers in kind and tells nothing when the store is gone', async () => {
    const broken = await StrangerHouse.open();
    try {
      const client = await broken.client('archive');
      const browser = broken.browser();
      const attempt = await client.begin();
      const { page } = await toSignIn(browser, attempt);
      await broken.store.close();
      const answers = [
        await browser.get(attempt.location),
        await browser.get(page.replace('/sign-in/', '/oidc/auth/')),
      ];
      for (const { status, body } of answers) {
        expect(status).toBe(503);
        expect(body).toContain('This is not possible right now');
        expect(body).not.toMatch(/ephemeral|node_modules|\bat \S+ \(/);
      }
      expect((await browser.get(page)).status).toBe(503);
      const token = await assertion('archive', strangerKeyOf('archive'));
      const { status, json } = await postAs(broken.portal.transport, '/oidc/request', token, { scope: 'openid' });
      expect([status, json['error']]).toEqual([503, 'temporarily_unavailable']);
    } finally {
      await broken.close();
    }
  });

  it.each([
    ['no form', { 'content-type': 'application/json' }],
    ['nothing at all', {}],
  ])('answers %s without a word of its inside', async (_, headers) => {
    const { status, json } = await post(
      house.portal.transport,
      '/oidc/token',
      { x: 'y' },
      headers as Record<string, string>,
    );
    expect(status).toBe(400);
    expect(JSON.stringify(json)).not.toMatch(/node_modules|\bat \S+ \(|oops/);
  });

  it('takes no endless body', async () => {
    const { status } = await post(house.portal.transport, '/oidc/token', { x: 'y'.repeat(200_000) });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });
});

function rawRequest(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (piece) => (received += piece.toString()));
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
  });
}
