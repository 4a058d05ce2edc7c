import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { destroyKey, rotateKey } from '#libs/keyring';
import { FixedClock, plusSeconds, SystemClock } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { signIn, StrangerHouse, strangerKeyOf, STRANGERS, toSignIn } from '../testing/stranger-client-house.ts';
import { openStrangerPortal, proofOf, PUBLIC_URL, testSettings } from '../testing/stranger-client-portal.ts';
import { StrangerClient } from '../testing/stranger-client.ts';
import { consoleClientKeys, consoleSigningKey, portalClientKeys, portalSigningKey } from './clients.ts';
import { PUBLISHED_BEFORE_SIGNING_SECONDS } from './signing-keys.ts';

describe('keys of the bridge', () => {
  let house: StrangerHouse;
  let clock: FixedClock;
  beforeEach(async () => {
    clock = new FixedClock(new SystemClock().now());
    house = await StrangerHouse.open({ clock, proofs: (who) => proofOf(who, { provenAt: clock.now() }) });
  });
  afterEach(() => house.close());

  async function published(): Promise<JSONWebKeySet> {
    const answer = await house.portal.transport(new URL('/oidc/jwks', PUBLIC_URL), {});
    return (await answer.json()) as JSONWebKeySet;
  }

  async function rotate(now: Instant = clock.now()): Promise<string> {
    const keyId = await rotateKey(house.keys.directory, 'oidc', { now });
    house.keys.keyring.refresh();
    return keyId;
  }

  async function idToken(): Promise<string> {
    const client = await house.client('archive');
    const { attempt, answer } = await signIn(client, house.browser(), 'anna');
    return (await client.finish(attempt, answer)).id_token ?? '';
  }

  const keyIdOf = (token: string) => decodeProtectedHeader(token).kid;

  it('are published in their public halves alone', async () => {
    const { keys } = await published();
    expect(keys).toEqual([
      {
        kty: 'EC',
        use: 'sig',
        kid: 'oidc-1',
        alg: 'ES256',
        crv: 'P-256',
        x: expect.any(String),
        y: expect.any(String),
      },
    ]);
  });

  it('sign only once they have been published for a while; older ones verify; destroyed ones vanish', async () => {
    const first = await idToken();
    expect(await rotate()).toBe('oidc-2');
    expect((await published()).keys.map(({ kid }) => kid).sort()).toEqual(['oidc-1', 'oidc-2']);
    expect(keyIdOf(await idToken())).toBe('oidc-1');

    clock.advance(PUBLISHED_BEFORE_SIGNING_SECONDS - 1);
    expect(keyIdOf(await idToken())).toBe('oidc-1');
    clock.advance(1);
    const second = await idToken();
    expect(keyIdOf(second)).toBe('oidc-2');

    const known = createLocalJWKSet(await published());
    for (const token of [first, second]) await jwtVerify(token, known, { audience: 'archive' });

    await destroyKey(house.keys.directory, 'oidc-1', { now: clock.now() });
    house.keys.keyring.refresh();
    const left = await published();
    expect(left.keys.map(({ kid }) => kid)).toEqual(['oidc-2']);
    await expect(jwtVerify(first, createLocalJWKSet(left))).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    await jwtVerify(second, createLocalJWKSet(left));
  });

  it('of RSA sign for the application that asks for RS256, and for nobody else; discovery names it only then', async () => {
    const algorithms = async () => {
      const answer = await house.portal.transport(new URL('/oidc/.well-known/openid-configuration', PUBLIC_URL), {});
      return ((await answer.json()) as Record<string, unknown>)['id_token_signing_alg_values_supported'];
    };
    expect(await algorithms()).toEqual(['ES256']);
    for (const hoursAgo of [2, 1]) {
      await rotateKey(house.keys.directory, 'oidc-rsa', { now: plusSeconds(clock.now(), -3600 * hoursAgo) });
    }
    house.keys.keyring.refresh();
    expect(await algorithms()).toEqual(['ES256', 'RS256']);
    expect((await published()).keys.map(({ kid, alg, d }) => `${kid} ${alg} ${d}`)).toEqual([
      'oidc-1 ES256 undefined',
      'oidc-rsa-2 RS256 undefined',
      'oidc-rsa-1 RS256 undefined',
    ]);
    expect(keyIdOf(await idToken())).toBe('oidc-1');

    const clients = STRANGERS.map((client) =>
      client.clientId === 'archive' && client.kind !== 'program'
        ? { ...client, idTokenAlgorithm: 'RS256' as const }
        : client,
    );
    const asked = await openStrangerPortal({
      settings: testSettings({ clients }),
      ephemeral: house.store,
      keyring: house.keys.keyring,
      clock,
      proofs: (who) => proofOf(who, { provenAt: clock.now() }),
    });
    const client = await StrangerClient.discover({
      issuer: new URL('/oidc', PUBLIC_URL),
      clientId: 'archive',
      privateKey: strangerKeyOf('archive'),
      redirectUri: 'https://archive.example/callback',
      transport: asked.transport,
      idTokenAlgorithm: 'RS256',
    });
    const { attempt, answer } = await signIn(client, asked.browser(), 'anna');
    const token = (await client.finish(attempt, answer)).id_token ?? '';
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', kid: 'oidc-rsa-2' });
    await jwtVerify(token, createLocalJWKSet(await published()), { audience: 'archive', algorithms: ['RS256'] });
    await asked.close();
  });

  it('change in the middle of a sign-in without anybody noticing', async () => {
    const client = await house.client('portal');
    const browser = house.browser();
    const attempt = await client.begin();
    const { page } = await toSignIn(browser, attempt);
    await rotate(plusSeconds(clock.now(), -PUBLISHED_BEFORE_SIGNING_SECONDS));
    const finished = await browser.get(`${page}/finish?as=anna`);
    const answer = await browser.follow(finished, ({ pathname }) => pathname === '/authenticate');
    const tokens = await client.finish(attempt, answer); // the client still proves itself by the key that it began with
    expect(keyIdOf(tokens.id_token ?? '')).toBe('oidc-2');
    const next = await house.client('portal'); // by the newest
    await next.begin();
  });

  it('sign at once where there is no other left', async () => {
    await rotate();
    await destroyKey(house.keys.directory, 'oidc-1', { now: clock.now() });
    house.keys.keyring.refresh();
    expect(keyIdOf(await idToken())).toBe('oidc-2');
  });

  it('give the portal keys of its own, the same in every process, and another for each', async () => {
    const before = portalClientKeys(house.keys.keyring);
    expect(before.map(({ keyId }) => keyId)).toEqual(['portal-oidc-1']);
    await rotate();
    const after = portalClientKeys(house.keys.keyring);
    expect(after.map(({ keyId }) => keyId)).toEqual(['portal-oidc-2', 'portal-oidc-1']);
    expect(after[1]?.privateKey.equals(before[0]!.privateKey)).toBe(true);
    expect(after[0]?.privateKey.equals(before[0]!.privateKey)).toBe(false);
    expect(after[0]?.privateKey.asymmetricKeyType).toBe('ed25519');
    expect(portalSigningKey(house.keys.keyring, clock.now())?.keyId).toBe('portal-oidc-1');
    clock.advance(PUBLISHED_BEFORE_SIGNING_SECONDS);
    expect(portalSigningKey(house.keys.keyring, clock.now())?.keyId).toBe('portal-oidc-2');
  });

  it('give our console keys of its own by the cookie keys, the same wherever those are', async () => {
    const before = consoleClientKeys(house.keys.keyring);
    expect(before.map(({ keyId }) => keyId)).toEqual(['segl-console-cookies-1']);
    await rotateKey(house.keys.directory, 'cookies', { now: clock.now() });
    house.keys.keyring.refresh();
    const after = consoleClientKeys(house.keys.keyring);
    expect(after.map(({ keyId }) => keyId)).toEqual(['segl-console-cookies-2', 'segl-console-cookies-1']);
    expect(after[1]?.privateKey.equals(before[0]!.privateKey)).toBe(true);
    expect(consoleSigningKey(house.keys.keyring, clock.now())?.keyId).toBe('segl-console-cookies-1');
    clock.advance(PUBLISHED_BEFORE_SIGNING_SECONDS);
    expect(consoleSigningKey(house.keys.keyring, clock.now())?.keyId).toBe('segl-console-cookies-2');
  });

  it('of cookies: those signed before a rotation are taken, those of a destroyed key are not', async () => {
    const client = await house.client('archive');
    const browser = house.browser();
    const { page } = await toSignIn(browser, await client.begin());
    await rotateKey(house.keys.directory, 'cookies', { now: clock.now() });
    house.keys.keyring.refresh();
    const answer = await browser.get(page);
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie().join()).not.toContain('sign-in'); // nothing is signed anew on another path
    await destroyKey(house.keys.directory, 'cookies-1', { now: clock.now() });
    house.keys.keyring.refresh();
    expect((await browser.get(page)).status).toBe(400);
  });

  it('when none is left, nothing is signed, and it is said kindly', async () => {
    house.keys.keyring.close();
    const answer = await house.portal.transport(new URL('/oidc/jwks', PUBLIC_URL), {});
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toMatch(/keyring|\bat \S+ \(/);
  });
});
