import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plusSeconds, SystemClock } from '#libs/vocabulary';
import type { BridgeProof } from '../proof.ts';
import { proveAs, signIn, StrangerHouse, toSignIn } from '../testing/stranger-client-house.ts';
import { proofOf, PUBLIC_URL } from '../testing/stranger-client-portal.ts';
import { CLOCK_TOLERANCE_SECONDS, LIFETIME_SECONDS } from './lifetimes.ts';

const account: Partial<BridgeProof> = {
  method: 'organisation',
  issuer: 'https://idp.example.com',
  subject: 'u-17',
  roles: ['auditor'],
};

/** Who a name stands for in these stories. */
function proofs(who: string): BridgeProof {
  switch (who) {
    case 'staff':
      return proofOf(who, account);
    case 'late':
      return proofOf(who, {
        provenAt: plusSeconds(new SystemClock().now(), -LIFETIME_SECONDS.proof - CLOCK_TOLERANCE_SECONDS - 1),
      });
    case 'long-code':
      return proofOf(who, { longCode: true });
    case 'shared':
      return proofOf(who, { reader: { kind: 'stated', name: 'Anna Holm' } });
    case 'forged-roles':
      return proofOf(who, { roles: ['auditor'] });
    default:
      return proofOf(who);
  }
}

describe('a client that a stranger wrote', () => {
  let house: StrangerHouse;
  beforeAll(async () => {
    house = await StrangerHouse.open({ portals: 2, proofs });
  });
  afterAll(() => house.close());

  it('finds the bridge by discovery, and in it nothing that is off', async () => {
    const { configuration } = await house.client('archive');
    const metadata = configuration.serverMetadata();
    expect(metadata).toMatchObject({
      issuer: 'https://portal.example.org/oidc',
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      code_challenge_methods_supported: ['S256'],
      grant_types_supported: ['authorization_code', 'client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      id_token_signing_alg_values_supported: ['ES256'],
      scopes_supported: ['openid', 'email'],
      require_pushed_authorization_requests: true,
      authorization_response_iss_parameter_supported: true,
    });
    const off = ['userinfo', 'registration', 'introspection', 'revocation', 'end_session', 'device_authorization'];
    for (const name of off) expect(metadata[`${name}_endpoint`]).toBeUndefined();
  });

  it('signs somebody in, each request answered by another process than the last one', async () => {
    const byTurns = house.byTurns();
    const client = await house.client('portal', byTurns);
    const browser = house.browser(byTurns);
    const attempt = await client.begin({ login_hint: 'Anna@EXAMPLE.com' });
    const { page, answer: shown } = await toSignIn(browser, attempt);
    expect(JSON.parse(shown.body)).toEqual({
      uid: page.split('/').at(-1),
      clientId: 'portal',
      clientName: 'Nordlys Advokater',
      clientKind: 'portal',
      wantedAddress: 'anna@example.com',
      personId: null,
      wantsCode: false,
      asks: [],
    });
    const answer = await proveAs(browser, page, 'anna');
    expect(answer.location?.origin).toBe(PUBLIC_URL.origin);
    expect(answer.location?.searchParams.get('iss')).toBe('https://portal.example.org/oidc');
    const tokens = await client.finish(attempt, answer);

    const claims = tokens.claims();
    const issuer = `${PUBLIC_URL.origin}/oidc`;
    expect(claims).toMatchObject({
      iss: issuer,
      aud: 'portal',
      sub: createHash('sha256').update(`${issuer}\0person-anna`).digest('base64url'),
      email: 'anna@example.com',
      email_verified: true,
      amr: ['otp'],
      auth_time: expect.any(Number),
      nonce: attempt.nonce,
      segl_proof: { method: 'passcode', issuer, subject: 'person-anna', proven_at: expect.any(String) },
    });
    expect(Object.keys(claims ?? {}).sort()).toEqual(
      ['amr', 'aud', 'auth_time', 'email', 'email_verified', 'exp', 'iat', 'iss', 'nonce', 'segl_proof', 'sub'].sort(),
    );
    expect((claims?.exp ?? 0) - (claims?.iat ?? 0)).toBe(300);
    expect(tokens.refresh_token).toBeUndefined();
  });

  it.each([
    ['long-code', { segl_proof: expect.objectContaining({ long_code: true }) }],
    ['shared', { segl_reader: { kind: 'stated', name: 'Anna Holm' } }],
    ['staff', { amr: ['fed'], segl_proof: expect.objectContaining({ method: 'organisation' }) }],
  ])('is told how an address was proven: %s', async (who, wanted) => {
    const client = await house.client('archive');
    const { attempt, answer } = await signIn(client, house.browser(), who);
    const claims = (await client.finish(attempt, answer)).claims();
    expect(claims).toMatchObject(wanted);
    expect(claims).not.toHaveProperty('roles');
  });

  it('gives roles to the console alone, and never by a passcode', async () => {
    const client = await house.client('console');
    const { attempt, answer } = await signIn(client, house.browser(), 'staff');
    expect((await client.finish(attempt, answer)).claims()).toMatchObject({ roles: ['auditor'] });

    const byCode = await signIn(client, house.browser(), 'forged-roles');
    expect(byCode.answer.status).toBe(403);
    expect(byCode.answer.location).toBeNull();
  });

  it('gets no address when it asked for none', async () => {
    const client = await house.client('archive');
    const attempt = await client.begin({ scope: 'openid' });
    const browser = house.browser();
    const { page } = await toSignIn(browser, attempt);
    const tokens = await client.finish(attempt, await proveAs(browser, page, 'anna'));
    expect(tokens.claims()).not.toHaveProperty('email');
  });

  it('takes no hint that is no address for one', async () => {
    const client = await house.client('archive');
    for (const login_hint of ['anna', '"a@evil x"@good.example', 'a@b@c.example', '']) {
      const { answer } = await toSignIn(house.browser(), await client.begin({ login_hint }));
      expect(JSON.parse(answer.body).wantedAddress).toBeNull();
    }
  });

  it('has a proof made for each request: no sign-on is kept, whatever cookies a browser has', async () => {
    const client = await house.client('archive');
    const browser = house.browser();
    const first = await signIn(client, browser, 'anna');
    await client.finish(first.attempt, first.answer);
    expect(browser.cookies().map(({ name }) => name)).not.toContain('__Host-segl-sign-on');

    browser.plant('__Host-segl-sign-on', 'anything', '/');
    browser.plant('__Host-segl-sign-on.sig', 'anything', '/');
    const again = await browser.get((await client.begin()).location);
    expect(again.location?.pathname).toMatch(/^\/sign-in\//);
    expect(again.headers.getSetCookie().join()).not.toContain('segl-sign-on');
  });

  it('hears that a sign-in would be needed when it wants none', async () => {
    const client = await house.client('archive');
    const { location } = await house.browser().get((await client.begin({ prompt: 'none' })).location);
    expect(location?.searchParams.get('error')).toBe('login_required');
  });

  it.each(['login', undefined])('may ask for what is always so (prompt=%s, max_age=0)', async (prompt) => {
    const client = await house.client('archive');
    const attempt = await client.begin({ prompt, max_age: '0' });
    const browser = house.browser();
    const { page } = await toSignIn(browser, attempt);
    const answer = await proveAs(browser, page, 'anna');
    expect((await client.finish(attempt, answer)).claims()?.['auth_time']).toEqual(expect.any(Number));
  });

  it('is not held up by a hint of an earlier ID token', async () => {
    const client = await house.client('archive');
    const first = await signIn(client, house.browser(), 'anna');
    const { id_token: id_token_hint = '' } = await client.finish(first.attempt, first.answer);
    const attempt = await client.begin({ id_token_hint });
    const browser = house.browser();
    const { page } = await toSignIn(browser, attempt);
    expect((await client.finish(attempt, await proveAs(browser, page, 'berta'))).claims()?.['email']).toBe(
      'berta@example.com',
    );
  });

  it('hears of a reader who turned back', async () => {
    const client = await house.client('archive');
    const attempt = await client.begin();
    const browser = house.browser();
    const { page } = await toSignIn(browser, attempt);
    const answer = await browser.follow(await browser.get(`${page}/cancel`));
    expect(answer.location?.origin).toBe('https://archive.example');
    expect(Object.fromEntries(answer.location?.searchParams ?? [])).toMatchObject({
      error: 'access_denied',
      state: attempt.state,
      iss: 'https://portal.example.org/oidc',
    });
    await expect(client.finish(attempt, answer)).rejects.toMatchObject({ error: 'access_denied' });
  });

  it('gets no proof that is older than ten minutes', async () => {
    const { answer } = await signIn(await house.client('archive'), house.browser(), 'late');
    expect(answer.status).toBe(400);
    expect(answer.location).toBeNull();
  });
});

describe('two sign-ins of one browser at once', () => {
  let house: StrangerHouse;
  beforeAll(async () => {
    house = await StrangerHouse.open({ portals: 2 });
  });
  afterAll(() => house.close());

  it.each([
    ['in the order they began', [0, 1]],
    ['the later one first', [1, 0]],
  ])('both end well, as different persons: %s', async (_, order) => {
    const byTurns = house.byTurns();
    const client = await house.client('portal', byTurns);
    const browser = house.browser(byTurns);
    const tabs = [];
    for (const who of ['anna', 'berta']) {
      const attempt = await client.begin();
      tabs.push({ who, attempt, page: (await toSignIn(browser, attempt)).page });
    }
    for (const at of order) {
      const { who, attempt, page } = tabs[at]!;
      const tokens = await client.finish(attempt, await proveAs(browser, page, who));
      expect(tokens.claims()?.['email']).toBe(`${who}@example.com`);
    }
  });

  it('do not disturb each other between proof and answer', async () => {
    const client = await house.client('archive');
    const browser = house.browser();
    const attempts = [await client.begin(), await client.begin()];
    const pages = [];
    for (const attempt of attempts) pages.push((await toSignIn(browser, attempt)).page);
    const finished = [];
    for (const [at, page] of pages.entries()) finished.push(await browser.get(`${page}/finish?as=person-${at}`));
    for (const [at, attempt] of [...attempts.entries()].reverse()) {
      const answer = await browser.follow(finished[at]!);
      expect((await client.finish(attempt, answer)).claims()?.['email']).toBe(`person-${at}@example.com`);
    }
  });
});
