import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import type { Breakage, FakeProvider } from '#libs/oidc-bridge/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { attemptAt, outcomeAt, outcomeOf } from '../testing/attempt-at-upstream.ts';
import { organisationUpstream } from './organisation/organisation-upstream.ts';
import type { OrganisationUpstreamConfig } from './organisation/organisation-upstream.ts';
import { UpstreamUnreachable } from './upstream.ts';

const anna = { email: 'anna@example.com', groups: ['staff'] };
const proven = { provenAddress: 'anna@example.com', unproven: null };
const roleMapping = { claim: 'groups', roles: new Map([['staff', ['auditor']]]) };

describe('what a provider says beside its ID token', () => {
  let fake: FakeProvider;
  beforeAll(async () => {
    fake = await startFakeProvider({ behaves: 'organisation' });
  });
  afterEach(() => {
    fake.breakWith(null);
    fake.sayOfItself({});
    fake.saysAtUserinfo([]);
  });
  afterAll(() => fake.close());

  const upstream = (more: Partial<OrganisationUpstreamConfig> = {}) =>
    organisationUpstream(
      {
        ...{ id: 'staff', name: 'Staff', issuer: fake.issuer, clientId: fake.clientId, domains: ['example.com'] },
        ...{ credential: { secret: fake.secret }, privateAddresses: ['127.0.0.1'], ...more },
      },
      new Egress(),
    );
  const userinfoAsked = () => fake.asked.filter((asked) => asked === 'GET /userinfo').length;
  const signIn = (claims: object = {}, breakage: Breakage | null = null, more = {}) => {
    fake.signInAs({ ...anna, ...claims });
    fake.breakWith(breakage);
    return outcomeAt(upstream(more));
  };

  it('at userinfo: the address, where the token has none, as Authelia does', async () => {
    fake.saysAtUserinfo(['email', 'email_verified']);
    expect(await signIn()).toMatchObject({ ...proven, shownAs: 'anna@example.com' });
  });

  it('at userinfo: roles, where the token has none', async () => {
    fake.saysAtUserinfo(['groups']);
    expect(await signIn({}, null, { roleMapping })).toMatchObject({ ...proven, roles: ['auditor'] });
  });

  it('is asked for only where the token says too little', async () => {
    const before = userinfoAsked();
    expect(await signIn({}, null, { roleMapping })).toMatchObject({ ...proven, roles: ['auditor'] });
    expect(userinfoAsked()).toBe(before);
  });

  it('is not asked for with a token that is not for us', async () => {
    fake.saysAtUserinfo(['email', 'email_verified']);
    const before = userinfoAsked();
    expect(await signIn({}, 'wrong-nonce')).toBe('wrong-nonce');
    expect(userinfoAsked()).toBe(before);
  });

  it('counts together with the address it is said of: a verified of the token vouches for none of userinfo', async () => {
    fake.saysAtUserinfo(['email']);
    expect(await signIn()).toMatchObject({ provenAddress: null, unproven: 'address-unverified' });
    fake.saysAtUserinfo(['email_verified']);
    expect(await signIn()).toMatchObject({ provenAddress: null, unproven: 'address-unverified' });
  });

  it.each<[string, Breakage, string]>([
    ['of another subject (OpenID Connect Core 1.0 §5.3.2)', 'userinfo-of-another', 'token-invalid'],
    ['refused', 'userinfo-refused', 'provider-error'],
    ['signed, which nobody asked for', 'userinfo-signed', 'provider-error'],
  ])('is no answer when it is %s', async (_, breakage, reason) => {
    fake.saysAtUserinfo(['email', 'email_verified']);
    expect(await signIn({}, breakage)).toBe(reason);
  });

  it('is never asked for on a host that is not listed', async () => {
    fake.saysAtUserinfo(['email', 'email_verified']);
    fake.sayOfItself({ userinfo_endpoint: 'http://127.0.0.2:1/userinfo' });
    await expect(signIn()).rejects.toThrow('not a listed host');
    fake.sayOfItself({ userinfo_endpoint: undefined });
    expect(await signIn()).toMatchObject({ provenAddress: null });
  });

  it('as text: verified by "true" only where the setting says so, and by nothing else then', async () => {
    expect(await signIn({ email_verified: 'true' })).toMatchObject({ provenAddress: null });
    expect(await signIn({ email_verified: 'true' }, null, { isVerifiedAsText: true })).toMatchObject(proven);
    for (const said of ['True', 'false', '1', 1, ' true', undefined]) {
      expect(await signIn({ email_verified: said }, null, { isVerifiedAsText: true })).toMatchObject({
        provenAddress: null,
      });
    }
  });
});

describe('where a browser is sent', () => {
  let fake: FakeProvider;
  beforeAll(async () => {
    fake = await startFakeProvider({ behaves: 'organisation' });
    fake.signInAs(anna);
  });
  afterEach(() => fake.sayOfItself({}));
  afterAll(() => fake.close());

  const upstream = () =>
    organisationUpstream(
      {
        ...{ id: 'staff', name: 'Staff', issuer: fake.issuer, clientId: fake.clientId, domains: ['example.com'] },
        ...{ credential: { secret: fake.secret }, privateAddresses: ['127.0.0.1'] },
      },
      new Egress(),
    );
  const begin = (isForAnother = false) =>
    upstream().begin({
      ...{ state: 's', redirectUri: 'http://127.0.0.1:1/', locale: 'da', isForAnother },
      wantedAddress: parseMailAddress('anna@example.com'),
    });

  it('keeps what the endpoint brings along, once', async () => {
    fake.sayOfItself({ authorization_endpoint: `${fake.url}/authorize?p=B2C_1_sign-in` });
    const { location } = await begin();
    expect(location.searchParams.getAll('p')).toEqual(['B2C_1_sign-in']);
    expect(await outcomeAt(upstream())).toMatchObject(proven);
  });

  it.each(['?state=x', '?scope=openid', '?response_type=token', '?prompt=none', '?request_uri=u', '?p=1&p=2', '#x'])(
    'is nowhere when the endpoint brings %s: said at discovery, not by the provider’s error page',
    async (more) => {
      fake.sayOfItself({ authorization_endpoint: `${fake.url}/authorize${more}` });
      await expect(begin()).rejects.toThrow('its authorization_endpoint holds');
    },
  );

  it('asks for another account after one that did not do: as the provider knows it, else by a new sign-in', async () => {
    expect((await begin()).location.searchParams.has('prompt')).toBe(false);
    expect((await begin(true)).location.searchParams.get('prompt')).toBe('login');
    fake.sayOfItself({ prompt_values_supported: ['none', 'login', 'select_account'] });
    expect((await begin(true)).location.searchParams.get('prompt')).toBe('select_account');
  });

  it('says the wanted address ahead where the provider takes a pushed request (RFC 9126)', async () => {
    fake.sayOfItself({ pushed_authorization_request_endpoint: `${fake.url}/request` });
    const attempt = await attemptAt(upstream(), parseMailAddress('anna@example.com'));
    expect([...attempt.location.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    expect(await outcomeOf(upstream().finish(attempt))).toMatchObject(proven);
    fake.sayOfItself({ pushed_authorization_request_endpoint: `${fake.url}/nothing-here` });
    await expect(begin()).rejects.toThrow(UpstreamUnreachable);
    fake.sayOfItself({ pushed_authorization_request_endpoint: 'http://127.0.0.2:1/request' });
    expect((await begin()).location.searchParams.get('login_hint')).toBe('anna@example.com');
  });
});
