import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { rotateKey } from '#libs/keyring';
import { FixedClock, instantOf, plusSeconds, SystemClock } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import type { ProgramScope } from '../settings.ts';
import { assertion, postAs } from '../testing/stranger-client-assertion.ts';
import type { AssertionChanges } from '../testing/stranger-client-assertion.ts';
import { StrangerHouse, strangerKeyOf } from '../testing/stranger-client-house.ts';
import { PUBLIC_URL, testSettings } from '../testing/stranger-client-portal.ts';
import { strangerKeys } from '../testing/stranger-client.ts';
import { AccessTokens } from './access-tokens.ts';
import type { AccessTokenRefusal } from './access-tokens.ts';
import { portalClientKeys } from './clients.ts';

const API = `${PUBLIC_URL.origin}/api/v1`;

describe('a program', () => {
  let house: StrangerHouse;
  let tokens: AccessTokens;
  beforeAll(async () => {
    house = await StrangerHouse.open({ portals: 2 });
    tokens = new AccessTokens(house.settings, house.keys.keyring, new SystemClock());
  });
  afterAll(() => house.close());

  async function ask(fields: Record<string, string>, changes: AssertionChanges = {}, key = strangerKeyOf('mailer')) {
    const sent = { grant_type: 'client_credentials', scope: 'messages:seal', ...fields };
    return postAs(house.portal.transport, '/oidc/token', await assertion('mailer', key, changes), sent);
  }

  it.each<Record<string, string>>([{}, { resource: API }])(
    'gets a token for the API, whether it names the API or not: %j',
    async (more) => {
      const client = await house.client('mailer');
      const answer = await client.credentials({ scope: 'messages:seal', ...more });
      expect(answer).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'messages:seal' });
      expect(answer.refresh_token).toBeUndefined();
      expect(decodeProtectedHeader(answer.access_token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'oidc-1' });
      const claims = decodeJwt(answer.access_token);
      expect(claims).toMatchObject({
        iss: `${PUBLIC_URL.origin}/oidc`,
        aud: API,
        sub: 'mailer',
        client_id: 'mailer',
        scope: 'messages:seal',
        jti: expect.any(String),
      });
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300);
      expect(await tokens.verify(answer.access_token, { scope: 'messages:seal' })).toEqual({
        clientId: 'mailer',
        scopes: ['messages:seal'],
      });
    },
  );

  it('gets what it asks for of what it may have', async () => {
    const client = await house.client('auditor');
    const { access_token: both } = await client.credentials({ scope: 'audit:read audit:export' });
    expect((await tokens.verify(both, { scope: 'audit:export' })).scopes).toEqual(['audit:read', 'audit:export']);
    const { access_token: one } = await client.credentials({ scope: 'audit:read' });
    await expect(tokens.verify(one, { scope: 'audit:export' })).rejects.toMatchObject({ reason: 'insufficient-scope' });
  });

  it.each([
    ['a scope that it was not given', { scope: 'audit:read' }, 'invalid_scope'],
    ['one such scope among others', { scope: 'messages:seal messages:revoke' }, 'invalid_scope'],
    ['a scope that does not exist', { scope: 'everything' }, 'invalid_scope'],
    ['a scope of people', { scope: 'openid email' }, 'invalid_scope'],
    ['no scope', { scope: '' }, 'invalid_scope'],
    ['another resource', { resource: 'https://evil.example/' }, 'invalid_target'],
    ['the API by another spelling', { resource: `${API}/` }, 'invalid_target'],
    ['a resource that is no address', { resource: 'api' }, 'invalid_target'],
  ])('is refused %s', async (_, fields, error) => {
    const { status, json } = await ask(fields as Record<string, string>);
    expect([status, json['error'], json['access_token']]).toEqual([400, error, undefined]);
  });

  it.each<[string, AssertionChanges]>([
    ['without a signature', { algorithm: 'none' }],
    ['that has expired', { expiresIn: -60 }],
    ['that lives for ever', { expiresIn: 86_400 }],
    ['issued in the future', { claims: { iat: Math.floor(Date.now() / 1000) + 120 } }],
    ['issued at no time', { claims: { iat: 'now' } }],
    ['for another audience', { claims: { aud: 'https://evil.example/oidc' } }],
    ['for an audience that begins alike', { claims: { aud: `${PUBLIC_URL.origin}/oidc.evil.example` } }],
    ['for a second audience too', { claims: { aud: [`${PUBLIC_URL.origin}/oidc`, 'https://evil.example'] } }],
    ['without an audience', { claims: { aud: undefined } }],
    ['without an end', { claims: { exp: undefined } }],
    ['without a name of its own', { claims: { jti: undefined } }],
    ['issued by another client', { claims: { iss: 'auditor' } }],
    ['of another client', { claims: { iss: 'auditor', sub: 'auditor' } }],
    ['of nobody known', { claims: { iss: 'nobody', sub: 'nobody' } }],
    ['that is not valid yet', { claims: { nbf: Math.floor(Date.now() / 1000) + 600 } }],
  ])('is refused with an assertion %s', async (_, changes) => {
    const { status, json } = await ask({}, changes);
    expect([status, json['error']]).toEqual([401, 'invalid_client']);
  });

  it('is refused with another key, with one of another kind, and with its public half as a secret', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    expect((await ask({}, {}, strangerKeys().privateKey)).status).toBe(401);
    expect((await ask({}, {}, strangerKeyOf('auditor'))).status).toBe(401);
    expect((await ask({}, { algorithm: 'RS256' }, rsa)).status).toBe(401);
    const secret = new TextEncoder().encode(JSON.stringify(strangerKeyOf('mailer').export({ format: 'jwk' }).x));
    const forged = await new SignJWT({ iss: 'mailer', sub: 'mailer', aud: `${PUBLIC_URL.origin}/oidc`, jti: 'x' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1m')
      .sign(secret);
    const { status } = await postAs(house.portal.transport, '/oidc/token', forged, {
      grant_type: 'client_credentials',
    });
    expect(status).toBe(401);
  });

  it('is refused with a secret, which no client has', async () => {
    const basic = { authorization: `Basic ${Buffer.from('mailer:secret').toString('base64')}` };
    const fields = { grant_type: 'client_credentials', scope: 'messages:seal' };
    expect((await postAs(house.portal.transport, '/oidc/token', '', fields, basic)).status).toBe(401);
    const byForm = { ...fields, client_id: 'mailer', client_secret: 'secret' };
    expect((await postAs(house.portal.transport, '/oidc/token', '', byForm)).status).toBe(401);
  });

  it('uses an assertion once: of twenty at once, to two processes, one is taken', async () => {
    const once = await assertion('mailer', strangerKeyOf('mailer'));
    const byTurns = house.byTurns();
    const fields = { grant_type: 'client_credentials', scope: 'messages:seal' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => postAs(byTurns, '/oidc/token', once, fields)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(401)]);
    expect((await postAs(byTurns, '/oidc/token', once, fields)).json['error']).toBe('invalid_client');
  });

  it('cannot sign people in', async () => {
    const fields = { response_type: 'code', redirect_uri: 'https://evil.example/', scope: 'openid' };
    const { status } = await postAs(
      house.portal.transport,
      '/oidc/request',
      await assertion('mailer', strangerKeyOf('mailer')),
      { client_id: 'mailer', ...fields },
    );
    expect(status).toBe(400);
  });
});

describe('an access token', () => {
  let house: StrangerHouse;
  let good: string;
  const clock = new FixedClock(new SystemClock().now());
  let tokens: AccessTokens;
  beforeAll(async () => {
    house = await StrangerHouse.open();
    tokens = new AccessTokens(house.settings, house.keys.keyring, clock);
    good = (await (await house.client('mailer')).credentials({ scope: 'messages:seal' })).access_token;
  });
  afterAll(() => house.close());
  beforeEach(() => clock.advance((Date.now() - Date.parse(clock.now())) / 1000));

  const signingKey = () => house.keys.keyring.oidcKeys()[0]!;

  function made(
    changes: Record<string, unknown>,
    header: Record<string, unknown> = {},
    key = signingKey().privateKey as Parameters<SignJWT['sign']>[0],
  ) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { ...decodeJwt(good), iat: now, exp: now + 300, ...changes };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: signingKey().keyId, ...header })
      .sign(key);
  }

  async function refusal(token: string, scope: ProgramScope = 'messages:seal'): Promise<AccessTokenRefusal | null> {
    try {
      await tokens.verify(token, { scope });
      return null;
    } catch (error) {
      return (error as { reason?: AccessTokenRefusal }).reason ?? null;
    }
  }

  it('is verified by who has nothing but public keys, as ours', async () => {
    expect(await refusal(good)).toBeNull();
    expect(await refusal(await made({}))).toBeNull(); // what is made by hand here is as good as one of ours
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://evil.example/oidc' }],
    ['of an issuer that begins alike', { iss: `${PUBLIC_URL.origin}/oidc/` }],
    ['for another audience', { aud: `${PUBLIC_URL.origin}/api/v2` }],
    ['for two audiences', { aud: [API, 'https://evil.example'] }],
    ['for no audience', { aud: undefined }],
    ['without an end', { exp: undefined }],
    ['without a beginning', { iat: undefined }],
    ['without a client', { client_id: undefined }],
    ['of a person', { sub: 'anna' }],
    ['without a name', { jti: undefined }],
    ['not valid yet', { nbf: Math.floor(Date.now() / 1000) + 600 }],
    ['from the future', { iat: Math.floor(Date.now() / 1000) + 600, exp: Math.floor(Date.now() / 1000) + 900 }],
  ])('is invalid: %s', async (_, changes) => {
    expect(await refusal(await made(changes))).toBe('invalid');
  });

  it('is invalid with another key, algorithm, type or name of a key, and when it is not even a token', async () => {
    const other = strangerKeys().privateKey;
    expect(await refusal(await made({}, {}, other))).toBe('invalid');
    expect(await refusal(await made({}, { typ: 'JWT' }))).toBe('invalid');
    expect(await refusal(await made({}, { kid: 'oidc-2' }))).toBe('invalid');
    expect(await refusal(await made({}, { kid: undefined }))).toBe('invalid');
    expect(await refusal(await made({}, { crit: ['x'], x: 1 }).catch(() => 'x'))).toBe('invalid');
    const [portalKey] = portalClientKeys(house.keys.keyring);
    expect(await refusal(await made({}, { alg: 'EdDSA' }, portalKey!.privateKey))).toBe('invalid');
    expect(await refusal(new UnsecuredJWT(decodeJwt(good)).encode())).toBe('invalid');
    const spki = house.keys.keyring.oidcPublicKeys()[0]!.publicKey.export({ format: 'pem', type: 'spki' });
    expect(await refusal(await made({}, { alg: 'HS256' }, Buffer.from(spki)))).toBe('invalid');
    expect(await refusal(`${good}x`)).toBe('invalid');
    const last = good.at(-2) === 'A' ? 'B' : 'A';
    expect(await refusal(good.slice(0, -2) + last + good.slice(-1))).toBe('invalid');
    for (const text of ['', '.', '..', 'x.y.z', good.split('.')[1] ?? '', 'é'.repeat(10), 'x'.repeat(10_000)]) {
      expect(await refusal(text)).toBe('invalid');
    }
  });

  it('is no ID token, and an ID token is none', async () => {
    const { typ: _, ...header } = decodeProtectedHeader(good);
    const idToken = await new SignJWT({ ...decodeJwt(good), aud: API })
      .setProtectedHeader({ alg: 'ES256', ...header })
      .sign(signingKey().privateKey);
    expect(await refusal(idToken)).toBe('invalid');
  });

  it('expires after five minutes, whatever end it names', async () => {
    clock.advance(299);
    expect(await refusal(good)).toBeNull();
    clock.advance(10);
    expect(await refusal(good)).toBe('expired');
    const long = await made({ exp: Math.floor(Date.now() / 1000) + 86_400 });
    expect(await refusal(long)).toBe('expired');
  });

  it('is good for its scopes, and for those that its client still has', async () => {
    expect(await refusal(good, 'audit:read')).toBe('insufficient-scope');
    expect(await refusal(await made({ scope: 'messages:seal audit:read' }), 'audit:read')).toBe('insufficient-scope');
    expect(await refusal(await made({ scope: undefined }))).toBe('insufficient-scope');
    expect(await refusal(await made({ scope: 'messages:sealed xmessages:seal' }))).toBe('insufficient-scope');
    const without = new AccessTokens(testSettings(), house.keys.keyring, clock);
    await expect(without.verify(good, { scope: 'messages:seal' })).rejects.toMatchObject({ reason: 'unknown-client' });
    expect(await refusal(await made({ client_id: 'archive', sub: 'archive' }))).toBe('unknown-client');
  });

  it('is still verified by an older key, and by a destroyed one no more', async () => {
    const now = instantOf(new Date());
    await rotateKey(house.keys.directory, 'oidc', { now: plusSeconds(now, -3600) as Instant });
    house.keys.keyring.refresh();
    expect(await refusal(good)).toBeNull();
    const next = (await (await house.client('mailer')).credentials({ scope: 'messages:seal' })).access_token;
    expect(decodeProtectedHeader(next).kid).toBe('oidc-2');
    expect(await refusal(next)).toBeNull();
  });
});
