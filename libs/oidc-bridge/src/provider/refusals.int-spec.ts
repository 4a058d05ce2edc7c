import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assertion, postAs } from '../testing/stranger-client-assertion.ts';
import { proveAs, signIn, StrangerHouse, strangerKeyOf, toSignIn } from '../testing/stranger-client-house.ts';
import type { StrangerName } from '../testing/stranger-client-house.ts';
import { ephemeralKey } from './ephemeral-names.ts';

const VERIFIER = randomBytes(32).toString('base64url');
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

describe('the bridge refuses', () => {
  let house: StrangerHouse;
  beforeAll(async () => {
    house = await StrangerHouse.open({ portals: 2 });
  });
  afterAll(() => house.close());

  /** A pushed request of the archive, as it should be but for the changes; an empty one leaves a parameter out. */
  async function push(changes: Record<string, string> = {}, name: StrangerName = 'archive') {
    const parameters = {
      client_id: name,
      response_type: 'code',
      redirect_uri: `https://${name}.example/callback`,
      scope: 'openid email',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      state: 'state-of-mine',
      nonce: 'nonce-of-mine',
      ...changes,
    };
    const sent = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''));
    return postAs(house.portal.transport, '/oidc/request', await assertion(name, strangerKeyOf(name)), sent);
  }

  async function exchange(code: string, changes: Record<string, string> = {}, name: StrangerName = 'archive') {
    const redirect_uri = 'https://archive.example/callback';
    const fields = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri, ...changes };
    return postAs(house.portal.transport, '/oidc/token', await assertion(name, strangerKeyOf(name)), fields);
  }

  async function codeOf(who: string): Promise<string> {
    const { json } = await push();
    const browser = house.browser();
    const location = new URL(
      `/oidc/auth?client_id=archive&request_uri=${String(json['request_uri'])}`,
      house.settings.publicUrl,
    );
    const { page } = await toSignIn(browser, { location, codeVerifier: VERIFIER, state: '', nonce: '' });
    return (await proveAs(browser, page, who)).location?.searchParams.get('code') ?? '';
  }

  it('nothing that is as it should be', async () => {
    expect((await push()).status).toBe(201);
    const answer = await exchange(await codeOf('anna'));
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json).sort()).toEqual(['access_token', 'expires_in', 'id_token', 'scope', 'token_type']);
  });

  it.each([
    [
      'plain PKCE',
      { code_challenge: VERIFIER, code_challenge_method: 'plain' },
      'not supported value of code_challenge_method',
    ],
    ['PKCE without a method', { code_challenge_method: '' }, 'code_challenge_method must be provided'],
    ['no PKCE', { code_challenge: '', code_challenge_method: '' }, 'requires PKCE'],
    ['a challenge that is none', { code_challenge: 'short' }, 'code_challenge must be'],
    ['another redirect URI', { redirect_uri: 'https://evil.example/callback' }, 'redirect_uri did not match'],
    [
      'a redirect URI with a slash more',
      { redirect_uri: 'https://archive.example/callback/' },
      'redirect_uri did not match',
    ],
    [
      'a redirect URI in another case',
      { redirect_uri: 'https://archive.example/Callback' },
      'redirect_uri did not match',
    ],
    [
      'a redirect URI with a query more',
      { redirect_uri: 'https://archive.example/callback?x=1' },
      'redirect_uri did not match',
    ],
    [
      'a redirect URI with a fragment',
      { redirect_uri: 'https://archive.example/callback#x' },
      'redirect_uri did not match',
    ],
    [
      'a redirect URI with a dot more',
      { redirect_uri: 'https://archive.example/./callback' },
      'redirect_uri did not match',
    ],
    [
      'a redirect URI of a neighbour',
      { redirect_uri: 'https://archive.example.evil.example/callback' },
      'redirect_uri did not match',
    ],
    [
      'a redirect URI with a port',
      { redirect_uri: 'https://archive.example:8443/callback' },
      'redirect_uri did not match',
    ],
    ['a redirect URI without TLS', { redirect_uri: 'http://archive.example/callback' }, 'redirect_uri did not match'],
    [
      'a redirect URI of another client',
      { redirect_uri: 'https://ledger.example/callback' },
      'redirect_uri did not match',
    ],
    ['no redirect URI', { redirect_uri: '' }, "missing required parameter 'redirect_uri'"],
    [
      'the implicit flow',
      { response_type: 'id_token', response_mode: 'query' },
      'not allowed for the requested response_type',
    ],
    [
      'tokens in the answer',
      { response_type: 'token', response_mode: 'query' },
      'not allowed for the requested response_type',
    ],
    [
      'a hybrid flow',
      { response_type: 'code id_token', response_mode: 'query' },
      'not allowed for the requested response_type',
    ],
    ['no answer at all', { response_type: 'none' }, 'unsupported_response_type'],
    ['an answer in the fragment', { response_mode: 'fragment' }, 'response_mode is not allowed'],
    ['an answer by form', { response_mode: 'form_post' }, 'response_mode is not allowed'],
    ['an answer in a JWT', { response_mode: 'jwt' }, 'unsupported_response_mode'],
    ['a request object', { request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported'],
    ['a request by reference', { request_uri: 'https://archive.example/request.jwt' }, 'request_uri_not_supported'],
    [
      'metadata of a client on its way',
      { registration: '{"redirect_uris":["https://evil.example"]}' },
      'registration_not_supported',
    ],
    ['a resource that is for programs', { resource: 'https://portal.example.org/api/v1' }, 'invalid_target'],
    ['another resource', { resource: 'https://evil.example/' }, 'invalid_target'],
    ['consent, which nobody is asked for', { prompt: 'consent' }, 'unsupported prompt'],
    ['what no record could hold', { state: 'x'.repeat(20_000) }, 'too large'],
  ])('%s', async (_, changes, why) => {
    const { status, json } = await push(changes as Record<string, string>);
    expect(status).toBe(400);
    expect(`${String(json['error'])}: ${String(json['error_description'])}`).toContain(why);
    expect(json['request_uri']).toBeUndefined();
  });

  it('scopes of programs and refresh, in people’s sign-ins', async () => {
    const { json } = await push({ scope: 'openid email offline_access messages:seal' });
    const browser = house.browser();
    const location = new URL(
      `/oidc/auth?client_id=archive&request_uri=${String(json['request_uri'])}`,
      house.settings.publicUrl,
    );
    const { page } = await toSignIn(browser, { location, codeVerifier: VERIFIER, state: '', nonce: '' });
    const code = (await proveAs(browser, page, 'anna')).location?.searchParams.get('code') ?? '';
    const { json: tokens } = await exchange(code);
    expect(tokens['scope']).toBe('openid email');
    expect(tokens['refresh_token']).toBeUndefined();
  });

  it.each([
    [
      'an authorization request that was not pushed',
      `client_id=archive&response_type=code&scope=openid&redirect_uri=${encodeURIComponent('https://archive.example/callback')}&code_challenge=${CHALLENGE}&code_challenge_method=S256&state=s`,
    ],
    ['an unknown client', 'client_id=nobody&response_type=code&scope=openid'],
    ['no client', 'response_type=code&scope=openid'],
    [
      'a request URI that was never given out',
      'client_id=archive&request_uri=urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    ],
    ['a request URI elsewhere', 'client_id=archive&request_uri=https%3A%2F%2Fevil.example%2Frequest'],
    ['a program', 'client_id=mailer&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Fevil.example'],
  ])('%s, at the place where browsers come', async (_, query) => {
    const { status, location, body } = await house.browser().get(`/oidc/auth?${query}`);
    if (location !== null) {
      expect(location.href).toMatch(/^https:\/\/archive\.example\/callback\?/);
      expect(location.searchParams.get('error')).toEqual(expect.any(String));
      expect(location.searchParams.get('code')).toBeNull();
      return;
    }
    expect(status).toBe(400);
    expect(body).toContain('This sign-in cannot continue');
    expect(body).not.toMatch(/\bat \S+ \(|node_modules|oidc-provider|invalid_|nobody|evil\.example/);
  });

  it('a request URI that another client was given', async () => {
    const { json } = await push();
    const answer = await house.browser().get(`/oidc/auth?client_id=ledger&request_uri=${String(json['request_uri'])}`);
    expect(answer.location?.searchParams.get('code') ?? null).toBeNull();
    expect(answer.location?.pathname.startsWith('/sign-in/') ?? false).toBe(false);
  });

  it('a pushed request that was answered already, also by a sign-in that had begun before', async () => {
    const { json } = await push();
    const location = new URL(
      `/oidc/auth?client_id=archive&request_uri=${String(json['request_uri'])}`,
      house.settings.publicUrl,
    );
    const browser = house.browser();
    const pages = [];
    for (let n = 0; n < 2; n++) {
      pages.push((await toSignIn(browser, { location, codeVerifier: VERIFIER, state: '', nonce: '' })).page);
    }
    const answers = await Promise.all(pages.map((page) => proveAs(browser, page, 'anna')));
    const codes = answers.flatMap((answer) => answer.location?.searchParams.get('code') ?? []);
    expect(codes).toHaveLength(1);
    const again = await browser.get(location);
    expect(again.location?.pathname.startsWith('/sign-in/') ?? false).toBe(false);
  });

  it('passwords', async () => {
    const client = await assertion('archive', strangerKeyOf('archive'));
    const fields = { grant_type: 'password', username: 'anna@example.com', password: 'secret' };
    const { status, json } = await postAs(house.portal.transport, '/oidc/token', client, fields);
    expect([status, json['error']]).toEqual([400, 'unsupported_grant_type']);
  });

  it.each(['refresh_token', 'implicit', 'urn:ietf:params:oauth:grant-type:device_code'])(
    'the grant %s',
    async (grant) => {
      const client = await assertion('archive', strangerKeyOf('archive'));
      const { status } = await postAs(house.portal.transport, '/oidc/token', client, {
        grant_type: grant,
        refresh_token: 'x',
      });
      expect(status).toBe(400);
    },
  );

  it('a client that signs people in as a program', async () => {
    const client = await assertion('archive', strangerKeyOf('archive'));
    const fields = { grant_type: 'client_credentials', scope: 'messages:seal' };
    expect((await postAs(house.portal.transport, '/oidc/token', client, fields)).status).toBe(400);
  });

  it.each([
    ['another verifier', { code_verifier: randomBytes(32).toString('base64url') }],
    ['the challenge for a verifier', { code_verifier: CHALLENGE }],
    ['no verifier', { code_verifier: '' }],
    ['another redirect URI', { redirect_uri: 'https://archive.example/callback/' }],
    ['no redirect URI', { redirect_uri: '' }],
  ])('a code with %s', async (_, changes) => {
    const { status, json } = await exchange(await codeOf('anna'), changes);
    expect(status).toBe(400);
    expect(json['id_token']).toBeUndefined();
  });

  it('a code brought by another client than it was given to', async () => {
    const code = await codeOf('anna');
    const other = await exchange(code, {}, 'ledger');
    expect([other.status, other.json['error']]).toEqual([400, 'invalid_grant']);
    expect((await exchange(code)).status).toBe(200);
  });

  it('a code without a client that proves itself', async () => {
    const code = await codeOf('anna');
    const fields = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, client_id: 'archive' };
    const withUri = { ...fields, redirect_uri: 'https://archive.example/callback' };
    expect((await postAs(house.portal.transport, '/oidc/token', '', withUri)).status).toBe(401);
    expect((await postAs(house.portal.transport, '/oidc/token', '', { ...withUri, client_secret: 'x' })).status).toBe(
      401,
    );
  });

  it('a code a second time, and takes back what it led to', async () => {
    const code = await codeOf('anna');
    const stored = await house.store.get(ephemeralKey('AuthorizationCode', code));
    const proof = ephemeralKey('proof', JSON.parse(Buffer.from(stored!).toString()).accountId);
    expect(await house.store.get(proof)).not.toBeNull();
    const first = await exchange(code);
    expect(await house.store.get(proof)).toBeNull();
    const key = ephemeralKey('AccessToken', String(first.json['access_token']));
    expect(await house.store.get(key)).not.toBeNull();
    const second = await exchange(code);
    expect([second.status, second.json['error']]).toEqual([400, 'invalid_grant']);
    expect(await house.store.get(key)).toBeNull();
    expect((await exchange(code)).json['error']).toBe('invalid_grant');
  });

  it('all but one of those who bring a code at once, to two processes', async () => {
    const byTurns = house.byTurns();
    for (let round = 0; round < 5; round++) {
      const code = await codeOf('anna');
      const redirect_uri = 'https://archive.example/callback';
      const fields = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri };
      const answers = await Promise.all(
        Array.from({ length: 10 }, async () =>
          postAs(byTurns, '/oidc/token', await assertion('archive', strangerKeyOf('archive')), fields),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(400)]);
      const winner = answers.find(({ status }) => status === 200);
      expect(winner?.json['id_token']).toEqual(expect.any(String));
      expect(await house.store.get(ephemeralKey('AccessToken', String(winner?.json['access_token'])))).toBeNull();
    }
  });

  it('a sign-in of another browser, one that is over, and one that never was', async () => {
    const client = await house.client('archive');
    const browser = house.browser();
    const { page } = await toSignIn(browser, await client.begin());
    for (const path of [page, `${page}/finish?as=eve`, `${page}/cancel`]) {
      const { status, location, body } = await house.browser().get(path);
      expect([status, location]).toEqual([400, null]);
      expect(body).toContain('This sign-in cannot continue');
    }
    await proveAs(browser, page, 'anna');
    expect((await browser.get(page)).status).toBe(400);
    expect((await browser.get(`${page}/finish?as=anna`)).status).toBe(400);
    expect((await browser.get('/sign-in/AAAAAAAAAAAAAAAAAAAAA')).status).toBe(400);
  });

  it('a sign-in whose cookies were set for the browser by a neighbouring host', async () => {
    const client = await house.client('archive');
    const attacker = house.browser();
    const { page } = await toSignIn(attacker, await client.begin());
    const victim = house.browser();
    await toSignIn(victim, await client.begin()); // it has been here, and has a session of its own
    for (const { name, value, path } of attacker.cookies()) {
      if (!name.startsWith('__Host-')) victim.plant(name, value, path); // what that prefix is for
    }
    expect((await victim.get(page)).status).toBe(400);
    expect((await victim.get(`${page}/finish?as=victim`)).location).toBeNull();
    expect((await attacker.get(page)).status).toBe(200);
  });

  it('cookies that were changed', async () => {
    const client = await house.client('archive');
    const browser = house.browser();
    const { page } = await toSignIn(browser, await client.begin());
    browser.forget('__Secure-segl-sign-in.sig');
    browser.plant('__Secure-segl-sign-in.sig', 'A'.repeat(43), page);
    expect((await browser.get(page)).status).toBe(400);
  });

  it('a sign-in that took longer than it may', async () => {
    const client = await house.client('archive');
    const browser = house.browser();
    const attempt = await client.begin();
    const { page } = await toSignIn(browser, attempt);
    await house.store.delete(ephemeralKey('Interaction', page.split('/').at(-1) ?? '')); // as the store does by itself
    expect((await browser.get(`${page}/finish?as=anna`)).status).toBe(400);
    const resumed = await browser.get(page.replace('/sign-in/', '/oidc/auth/'));
    expect([resumed.status, resumed.location]).toEqual([400, null]);
    expect(resumed.body).toContain('This sign-in cannot continue');
  });

  it('to hand on a proof that expired between the page and the answer', async () => {
    const client = await house.client('archive');
    const browser = house.browser();
    const { page } = await toSignIn(browser, await client.begin());
    const finished = await browser.get(`${page}/finish?as=anna`);
    const interaction = JSON.parse(
      Buffer.from((await house.store.get(ephemeralKey('Interaction', page.split('/').at(-1) ?? '')))!).toString(),
    );
    await house.store.delete(ephemeralKey('proof', interaction.result.login.accountId));
    const answer = await browser.get(finished.location!);
    expect(answer.location?.origin).toBe('https://archive.example');
    expect(answer.location?.searchParams.get('error')).toBe('login_required');
  });

  it('a code whose proof somebody has had', async () => {
    const { attempt, answer } = await signIn(await house.client('archive'), house.browser(), 'anna');
    const code = answer.location?.searchParams.get('code') ?? '';
    const stored = JSON.parse(
      Buffer.from((await house.store.get(ephemeralKey('AuthorizationCode', code)))!).toString(),
    );
    await house.store.delete(ephemeralKey('proof', stored.accountId));
    const { json } = await exchange(code, { code_verifier: attempt.codeVerifier });
    expect(json['error']).toBe('invalid_grant');
  });
});
