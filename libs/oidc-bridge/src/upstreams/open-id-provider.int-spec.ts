import { afterEach, describe, expect, it } from '@jest/globals';
import { X509Certificate, createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { Egress } from '#libs/egress';
import { LOOPBACK_CERTIFICATE } from '#libs/mail/testing';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import type { FakeProvider, FakeProviderOptions } from '#libs/oidc-bridge/testing';
import { FixedClock, instantOf } from '#libs/vocabulary';
import { attemptAt, outcomeAt, outcomeOf } from '../testing/attempt-at-upstream.ts';
import type { ClientCredential } from './client-credential.ts';
import { microsoftUpstream } from './microsoft/microsoft-upstream.ts';
import { organisationUpstream } from './organisation/organisation-upstream.ts';
import { UpstreamUnreachable } from './upstream.ts';
import type { Upstream } from './upstream.ts';

const running: FakeProvider[] = [];
async function start(options: Partial<FakeProviderOptions> = {}): Promise<FakeProvider> {
  const fake = await startFakeProvider({ behaves: 'organisation', ...options });
  running.push(fake);
  fake.signInAs({ email: 'anna@example.com' });
  return fake;
}
afterEach(async () => {
  for (const fake of running.splice(0)) await fake.close();
});

const proven = { provenAddress: 'anna@example.com' };
const upstreamAt = (fake: FakeProvider, clock = new FixedClock(instantOf(new Date())), credential?: ClientCredential) =>
  organisationUpstream(
    {
      id: 'staff',
      name: 'Staff',
      issuer: fake.issuer,
      clientId: fake.clientId,
      credential: credential ?? { secret: fake.secret },
      domains: ['example.com'],
      privateAddresses: ['127.0.0.1'],
    },
    new Egress({ exchangeMs: 2_000 }),
    clock,
  );
const begin = (upstream: Upstream) =>
  upstream.begin({ state: 's', redirectUri: 'http://127.0.0.1:1/', wantedAddress: null, locale: 'da' });
const times = (fake: FakeProvider, what: string) => fake.asked.filter((asked) => asked.endsWith(what)).length;

describe('metadata and keys', () => {
  it('are asked for once by a hundred who begin at once, and again after an hour', async () => {
    const fake = await start();
    const clock = new FixedClock(instantOf(new Date()));
    const upstream = upstreamAt(fake, clock);
    await Promise.all(Array.from({ length: 100 }, () => begin(upstream)));
    clock.advance(3_599);
    await begin(upstream);
    expect(times(fake, 'openid-configuration')).toBe(1);
    clock.advance(1);
    await begin(upstream);
    expect(times(fake, 'openid-configuration')).toBe(2);
  });

  it('keys are asked for again after ten minutes', async () => {
    const fake = await start();
    const clock = new FixedClock(instantOf(new Date()));
    const upstream = upstreamAt(fake, clock);
    for (const [seconds, expected] of [
      [0, 1],
      [599, 1],
      [1, 2],
    ] as const) {
      clock.advance(seconds);
      expect(await outcomeAt(upstream)).toMatchObject(proven);
      expect(times(fake, '/keys')).toBe(expected);
    }
  });

  it('a key that signs within the minute is found at once, and one that is nowhere three times a minute at most', async () => {
    const fake = await start();
    const clock = new FixedClock(instantOf(new Date()));
    const upstream = upstreamAt(fake, clock);
    expect(await outcomeAt(upstream)).toMatchObject(proven);
    fake.rotateKeys();
    expect(await outcomeAt(upstream)).toMatchObject(proven);
    expect(times(fake, '/keys')).toBe(2);
    fake.breakWith('unknown-key');
    for (let attempt = 0; attempt < 5; attempt += 1) expect(await outcomeAt(upstream)).toBe('token-signature');
    expect(times(fake, '/keys')).toBe(4);
    fake.breakWith(null);
    fake.rotateKeys();
    expect(await outcomeAt(upstream)).toBe('token-signature');
    clock.advance(60);
    expect(await outcomeAt(upstream)).toMatchObject(proven);
    expect(times(fake, '/keys')).toBe(5);
  });

  it.each<[string, string]>([
    ['no JSON', 'not json'],
    ['a list', '[]'],
    ['no endpoints', '{"issuer":"ISSUER"}'],
    ['an endpoint that is no URL', '{"issuer":"ISSUER","authorization_endpoint":"x"}'],
    ['nothing', ''],
    ['null', 'null'],
  ])('that are not to be used are no answer: %s', async (_, document) => {
    const server = createServer((request, response) =>
      response.end(document.replace('ISSUER', `http://${request.headers.host}`)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const upstream = upstreamAt({ issuer, clientId: 'segl', secret: 's' } as FakeProvider);
    await expect(begin(upstream)).rejects.toBeInstanceOf(UpstreamUnreachable);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('an upstream that does not answer', () => {
  it('rests for half a minute, asks nobody meanwhile, and leaves the others alone', async () => {
    const [fake, other] = [await start(), await start()];
    const clock = new FixedClock(instantOf(new Date()));
    const [upstream, neighbour] = [upstreamAt(fake, clock), upstreamAt(other, clock)];
    await fake.close();
    await expect(begin(upstream)).rejects.toBeInstanceOf(UpstreamUnreachable);
    expect([upstream.isReachable(), neighbour.isReachable()]).toEqual([false, true]);
    expect(await outcomeAt(neighbour)).toMatchObject(proven);
    await expect(begin(upstream)).rejects.toThrow('rests');
    clock.advance(29);
    expect(upstream.isReachable()).toBe(false);
    clock.advance(1);
    expect(upstream.isReachable()).toBe(true);
    await expect(begin(upstream)).rejects.toThrow('ECONNREFUSED');
    expect(upstream.isReachable()).toBe(false);
    clock.advance(-86_400); // set back: it rests for half a minute at most, not for a day
    expect(upstream.isReachable()).toBe(true);
  });

  it('does not rest for what its token endpoint answers to one visitor’s code, and serves the next', async () => {
    const fake = await start();
    const upstream = upstreamAt(fake);
    const [first, second] = [await attemptAt(upstream), await attemptAt(upstream)];
    fake.breakWith('token-endpoint-down');
    await expect(upstream.finish(first)).rejects.toBeInstanceOf(UpstreamUnreachable);
    expect(upstream.isReachable()).toBe(true);
    fake.breakWith(null);
    expect(await outcomeOf(upstream.finish(second))).toMatchObject(proven);
    expect(upstream.isReachable()).toBe(true);
  });

  it('never rests for what a visitor can bring about', async () => {
    const fake = await start();
    const upstream = upstreamAt(fake);
    const attempt = await attemptAt(upstream);
    for (const query of ['error=server_error', 'error=temporarily_unavailable', 'code=x', 'code=a&code=b', '']) {
      const { issuer } = fake;
      const callback = new URL(`${attempt.redirectUri}?${query}&state=${attempt.kept.state}&iss=${issuer}`);
      expect(['provider-error', 'replayed']).toContain(await outcomeOf(upstream.finish({ ...attempt, callback })));
    }
    expect(upstream.isReachable()).toBe(true);
  });
});

describe('private_key_jwt', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pairs: Readonly<Record<string, { privateKey: KeyObject; publicKey: KeyObject }>> = {
    RS256: rsa,
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };

  it.each(['RS256', 'ES256', 'EdDSA'])('proves us to an organisation: %s', async (algorithm) => {
    const pair = pairs[algorithm] ?? rsa;
    const fake = await start({ clientPublicKey: pair.publicKey });
    const upstream = upstreamAt(fake, undefined, { privateKey: pair.privateKey, keyId: 'segl-1' });
    expect(await outcomeAt(upstream)).toMatchObject(proven);
    const assertion = fake.tokenRequests.at(-1)?.get('client_assertion') ?? '';
    expect(decodeJwt(assertion)).toMatchObject({ iss: fake.clientId, sub: fake.clientId, aud: fake.issuer });
    expect(decodeProtectedHeader(assertion)).toMatchObject({ kid: 'segl-1', typ: 'JWT' });
    expect(fake.tokenRequests.at(-1)?.has('client_secret')).toBe(false);
  });

  it('of another key is refused', async () => {
    const fake = await start({ clientPublicKey: rsa.publicKey });
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(await outcomeAt(upstreamAt(fake, undefined, { privateKey: other.privateKey }))).toBe('provider-error');
  });

  it('for Entra names the certificate by its thumbprint, and the token endpoint as audience', async () => {
    const certificate = new X509Certificate(LOOPBACK_CERTIFICATE.cert);
    const fake = await start({ behaves: 'microsoft', clientPublicKey: rsa.publicKey });
    const upstream = microsoftUpstream(
      {
        id: 'work',
        name: 'Work',
        accounts: 'work',
        authority: fake.url,
        clientId: fake.clientId,
        credential: { privateKey: rsa.privateKey, certificate },
        privateAddresses: ['127.0.0.1'],
      },
      new Egress(),
    );
    expect(await outcomeAt(upstream)).toMatchObject(proven);
    const assertion = fake.tokenRequests.at(-1)?.get('client_assertion') ?? '';
    expect(decodeProtectedHeader(assertion)).toMatchObject({
      alg: 'PS256',
      typ: 'JWT',
      'x5t#S256': createHash('sha256').update(certificate.raw).digest('base64url'),
    });
    expect(decodeJwt(assertion).aud).toBe(`${fake.url}/organizations/oauth2/v2.0/token`);
  });

  it('is never made with a public key, nor with one that is too short', async () => {
    const fake = await start({ clientPublicKey: rsa.publicKey });
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    for (const privateKey of [short, createPublicKey(rsa.privateKey)]) {
      expect(() => upstreamAt(fake, undefined, { privateKey })).toThrow(TypeError);
    }
  });
});

describe('a secret', () => {
  it('that is wrong is an error of the provider, and does not stand in what we say of it', async () => {
    const fake = await start();
    const upstream = upstreamAt(fake, undefined, { secret: 'wrong-secret' });
    const attempt = await attemptAt(upstream);
    const refusal = await upstream.finish(attempt).catch((fault: unknown) => fault);
    expect(refusal).toMatchObject({ reason: 'provider-error' });
    expect(String(refusal) + JSON.stringify(refusal)).not.toMatch(/wrong-secret|anna@/);
  });

  it('never leaves in an address', async () => {
    const fake = await start();
    const { location, kept } = await begin(upstreamAt(fake));
    expect(location.href + JSON.stringify(kept)).not.toContain(fake.secret);
  });
});
