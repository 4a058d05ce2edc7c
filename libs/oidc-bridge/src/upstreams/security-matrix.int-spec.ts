import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { attemptAt, outcomeAt, outcomeOf } from '../testing/attempt-at-upstream.ts';
import { OTHER_TENANT, PERSONAL_TENANT, WORK_TENANT, startFakeProvider } from '#libs/oidc-bridge/testing';
import type { Breakage, FakeBehaviour, FakeProvider } from '#libs/oidc-bridge/testing';
import { googleUpstream } from './google/google-upstream.ts';
import { microsoftUpstream } from './microsoft/microsoft-upstream.ts';
import { organisationUpstream } from './organisation/organisation-upstream.ts';
import type { Upstream } from './upstream.ts';

/** The lines of threats.md that concern an upstream, each against providers that speak OpenID Connect. */
const egress = new Egress();
const privateAddresses = ['127.0.0.1', '::1'];
const anna = { email: 'anna.berg@example.com' };
const proven = { provenAddress: 'anna.berg@example.com', unproven: null };
const unverified = { provenAddress: null, unproven: 'address-unverified' };

const clientOf = ({ clientId, secret }: { clientId: string; secret: string }) => ({
  name: 'An account',
  clientId,
  credential: { secret },
  privateAddresses,
});
const microsoftAt = (fake: FakeProvider, accounts = 'both', id = 'microsoft') =>
  microsoftUpstream({ ...clientOf(fake), id, accounts, authority: fake.url }, egress);
const googleAt = (fake: FakeProvider) =>
  googleUpstream({ ...clientOf(fake), id: 'google', issuer: fake.issuer }, egress);
const organisationAt = (fake: FakeProvider) =>
  organisationUpstream({ ...clientOf(fake), id: 'staff', issuer: fake.issuer, domains: ['example.com'] }, egress);

const fakes: Partial<Record<FakeBehaviour, FakeProvider>> = {};
const fake = (behaves: FakeBehaviour): FakeProvider => {
  const started = fakes[behaves];
  if (started === undefined) throw new Error('not started');
  return started;
};
const upstreamOf = (behaves: FakeBehaviour): Upstream =>
  ({ microsoft: microsoftAt, google: googleAt, organisation: organisationAt })[behaves](fake(behaves));
const EVERY: readonly FakeBehaviour[] = ['microsoft', 'google', 'organisation'];

beforeAll(async () => {
  for (const behaves of EVERY) fakes[behaves] = await startFakeProvider({ behaves });
});
afterEach(() => {
  for (const behaves of EVERY) {
    fake(behaves).breakWith(null);
    fake(behaves).signInAs({});
  }
});
afterAll(async () => {
  for (const behaves of EVERY) await fakes[behaves]?.close();
});

/** A sign-in as Anna with one thing changed or broken. */
async function signIn(
  behaves: FakeBehaviour,
  change: { claims?: Readonly<Record<string, unknown>>; breakage?: Breakage; upstream?: Upstream } = {},
) {
  fake(behaves).signInAs({ ...anna, ...change.claims });
  fake(behaves).breakWith(change.breakage ?? null);
  return outcomeAt(change.upstream ?? upstreamOf(behaves));
}

describe('A1 nOAuth', () => {
  it('the account is keyed by issuer, tenant and object id', async () => {
    const identity = await signIn('microsoft', { claims: { oid: '00000000-0000-0000-66f3-3332eca7ea81' } });
    expect(identity).toMatchObject({
      issuer: `${fake('microsoft').url}/${WORK_TENANT}/v2.0`,
      subject: `${WORK_TENANT}.00000000-0000-0000-66f3-3332eca7ea81`,
    });
  });

  it('profile is asked for, without which there is no oid', async () => {
    await signIn('microsoft');
    expect(fake('microsoft').authorizationRequests.at(-1)?.get('scope')).toBe('openid profile email');
  });

  it.each([[true], [1], ['1'], ['true']])('the address counts with xms_edov %p', async (xms_edov) => {
    expect(await signIn('microsoft', { claims: { xms_edov } })).toMatchObject(proven);
  });

  it.each([[undefined], [false], ['false'], [0], ['0']])('the address does not with xms_edov %p', async (xms_edov) => {
    expect(await signIn('microsoft', { claims: { xms_edov } })).toMatchObject(unverified);
  });

  it("the same rule holds for personal accounts: nothing is inferred from their tenant's id", async () => {
    const personal = { tid: PERSONAL_TENANT };
    expect(await signIn('microsoft', { claims: personal })).toMatchObject(proven);
    expect(await signIn('microsoft', { claims: { ...personal, xms_edov: undefined } })).toMatchObject(unverified);
  });

  it('a victim in preferred_username only is not proven', async () => {
    const claims = { email: undefined, preferred_username: 'victim@example.com', upn: 'victim@example.com' };
    expect(await signIn('microsoft', { claims })).toMatchObject({ ...unverified, shownAs: 'victim@example.com' });
  });

  it('a guest proves nothing', async () => {
    expect(await signIn('microsoft', { breakage: 'guest' })).toMatchObject({
      provenAddress: null,
      unproven: 'guest-account',
    });
  });
});

describe('A2 issuer and key confusion', () => {
  it.each<[string, Breakage, string]>([
    ['tid A with iss B', 'tenant-unlike-issuer', 'wrong-issuer'],
    ['iss that only begins alike', 'wrong-issuer', 'wrong-issuer'],
    ['a key of personal accounts under a work token', 'key-of-another-scope', 'token-signature'],
    ['version 1', 'wrong-version', 'token-invalid'],
  ])('%s is refused', async (_, breakage, reason) => {
    expect(await signIn('microsoft', { breakage })).toBe(reason);
  });

  it("a tenant's key under a personal token is refused", async () => {
    const claims = { tid: PERSONAL_TENANT };
    expect(await signIn('microsoft', { claims, breakage: 'key-of-another-scope' })).toBe('token-signature');
  });

  it('a tenant that is no GUID is refused', async () => {
    expect(await signIn('microsoft', { claims: { tid: 'common' } })).toBe('wrong-tenant');
  });

  it.each<[string, object, string | object]>([
    ['work', { tid: PERSONAL_TENANT }, 'wrong-tenant'],
    ['work', {}, proven],
    ['personal', {}, 'wrong-tenant'],
    ['personal', { tid: PERSONAL_TENANT }, proven],
    [WORK_TENANT, {}, proven],
    [WORK_TENANT, { tid: OTHER_TENANT }, 'wrong-tenant'],
    [WORK_TENANT, { tid: PERSONAL_TENANT }, 'wrong-tenant'],
  ])('an upstream of %s accounts, an account of %j', async (accounts, claims, outcome) => {
    const identity = await signIn('microsoft', {
      claims: { ...claims },
      upstream: microsoftAt(fake('microsoft'), accounts),
    });
    if (typeof outcome === 'string') expect(identity).toBe(outcome);
    else expect(identity).toMatchObject(outcome);
  });

  const refused: [Breakage, string][] = [
    ['alg-none', 'token-signature'],
    ['hs256-with-public-key', 'token-signature'],
    ['forged-signature', 'token-signature'],
    ['unknown-key', 'token-signature'],
    ['wrong-issuer', 'wrong-issuer'],
    ['wrong-audience', 'wrong-audience'],
    ['extra-audience', 'wrong-audience'],
    ['wrong-authorized-party', 'wrong-audience'],
    ['wrong-nonce', 'wrong-nonce'],
    ['missing-nonce', 'wrong-nonce'],
    ['expired', 'token-invalid'],
    ['not-yet-valid', 'token-invalid'],
    ['issued-in-future', 'token-invalid'],
    ['missing-subject', 'token-invalid'],
    ['no-id-token', 'token-invalid'],
    ['access-token', 'token-invalid'],
    ['logout-token', 'token-invalid'],
  ];
  it.each(EVERY.flatMap((behaves) => refused.map(([breakage, reason]) => [behaves, breakage, reason] as const)))(
    'at %s, %s is refused: %s',
    async (behaves, breakage, reason) => {
      expect(await signIn(behaves, { breakage })).toBe(reason);
    },
  );

  it.each(EVERY)('a good token of %s is good', async (behaves) => {
    expect(await signIn(behaves)).toMatchObject(proven);
  });
});

describe('A3 Google addresses', () => {
  const address = (email: string, claims: object = {}) => signIn('google', { claims: { email, ...claims } });

  it.each<[string, string, object]>([
    ['gmail.com', 'anna@gmail.com', {}],
    ['the domain of the Workspace', 'anna@example.com', { hd: 'example.com' }],
  ])('proven: %s', async (_, email, claims) => {
    expect(await address(email, claims)).toMatchObject({ provenAddress: email, issuer: fake('google').issuer });
  });

  it.each<[string, string, object]>([
    ['no Workspace', 'anna@example.com', { hd: undefined }],
    ['hd of another domain', 'anna@example.com', { hd: 'example.org' }],
    ['a secondary domain', 'anna@second.example', { hd: 'example.com' }],
    ['googlemail.com', 'anna@googlemail.com', { hd: undefined }],
    ['email_verified as text', 'anna@gmail.com', { email_verified: 'true' }],
    ['not verified', 'anna@gmail.com', { email_verified: false }],
    ['nothing said of it', 'anna@gmail.com', { email_verified: undefined }],
  ])('not proven: %s', async (_, email, claims) => {
    expect(await address(email, claims)).toMatchObject(unverified);
  });

  it('the issuer without its scheme is the same issuer', async () => {
    const claims = { iss: new URL(fake('google').issuer).host };
    expect(await signIn('google', { claims: { ...claims, hd: 'example.com' } })).toMatchObject({
      ...proven,
      issuer: fake('google').issuer,
    });
  });
});

describe('rules belong to the issuer', () => {
  const roleMapping = { claim: 'groups', roles: new Map([['compliance', ['auditor']]]) };
  const entraAsOrganisation = () => {
    const entra = fake('microsoft');
    const issuer = `${entra.url}/${WORK_TENANT}/v2.0`;
    return organisationUpstream(
      { ...clientOf(entra), id: 'staff', issuer, domains: ['example.com'], roleMapping },
      egress,
    );
  };
  const atEntra = (change: Parameters<typeof signIn>[1] = {}) => {
    const claims = { groups: ['compliance'], ...change.claims };
    return signIn('microsoft', { ...change, claims, upstream: entraAsOrganisation() });
  };

  it('a member of an Entra configured as an organisation’s own has their address and roles', async () => {
    expect(await atEntra()).toMatchObject({ ...proven, method: 'microsoft', roles: ['auditor'] });
  });

  it('a guest of it has neither', async () => {
    expect(await atEntra({ breakage: 'guest' })).toMatchObject({
      unproven: 'guest-account',
      provenAddress: null,
      roles: [],
    });
    const whoMayBeOne = await atEntra({ claims: { acct: undefined } });
    expect(whoMayBeOne).toMatchObject({ ...unverified, roles: [] });
  });

  it('nor does an address of another domain count, or one whose owner was not verified', async () => {
    expect(await atEntra({ claims: { email: 'anna@example.org' } })).toMatchObject(unverified);
    expect(await atEntra({ claims: { xms_edov: undefined, email_verified: true } })).toMatchObject(unverified);
  });

  it.each<[string, Parameters<typeof signIn>[1], string]>([
    ['another tenant', { breakage: 'wrong-tenant' }, 'wrong-tenant'],
    ['a personal account', { claims: { tid: PERSONAL_TENANT } }, 'wrong-tenant'],
    ['a key of personal accounts', { breakage: 'key-of-another-scope' }, 'token-signature'],
  ])('a token of %s is refused', async (_, change, reason) => {
    expect(await atEntra(change)).toBe(reason);
  });

  it('Google gives roles to the accounts of the Workspace, and to none besides', async () => {
    const google = fake('google');
    const settings = { ...clientOf(google), id: 'google', issuer: google.issuer, roleMapping };
    const upstream = googleUpstream({ ...settings, authoritativeDomains: ['example.com', 'gmail.com'] }, egress);
    const as = (claims: object) => signIn('google', { claims: { groups: ['compliance'], ...claims }, upstream });
    expect(await as({})).toMatchObject({ ...proven, roles: ['auditor'] });
    expect(await as({ hd: undefined })).toMatchObject({ ...unverified, roles: [] });
    expect(await as({ email: 'anna@gmail.com', hd: undefined })).toMatchObject({ roles: [] });
    expect(await as({ email: 'anna@example.org', hd: 'example.org' })).toMatchObject({ ...unverified, roles: [] });
    expect(() => googleUpstream(settings, egress)).toThrow('needs the domains');
  });

  it('Microsoft gives roles for one tenant alone: whoever runs another could give themselves any', () => {
    const settings = { ...clientOf(fake('microsoft')), id: 'work', authority: fake('microsoft').url, roleMapping };
    for (const accounts of ['work', 'both', 'personal', PERSONAL_TENANT]) {
      expect(() => microsoftUpstream({ ...settings, accounts }, egress)).toThrow('the one tenant');
    }
    expect(microsoftUpstream({ ...settings, accounts: WORK_TENANT }, egress).givesRoles).toBe(true);
  });
});

describe('A6 mix-up', () => {
  it.each([
    ['google', 'microsoft'],
    ['microsoft', 'google'],
  ] as const)('begun at %s, finished at %s: refused', async (begun, finished) => {
    fake(begun).signInAs(anna);
    const attempt = await attemptAt(upstreamOf(begun));
    expect(await outcomeOf(upstreamOf(finished).finish(attempt))).toBe('wrong-provider');
  });

  it('begun with one Microsoft button, finished with the other: refused', async () => {
    const attempt = await attemptAt(microsoftAt(fake('microsoft'), 'personal', 'microsoft-personal'));
    const other = microsoftAt(fake('microsoft'), 'work', 'microsoft-work');
    expect(await outcomeOf(other.finish(attempt))).toBe('wrong-provider');
  });

  it.each(EVERY)('at %s, the code of another provider is refused', async (behaves) => {
    expect(await signIn(behaves, { breakage: 'code-of-another-provider' })).toBe('replayed');
  });

  it.each(EVERY)(
    'at %s, an iss parameter of another issuer is refused before the code goes anywhere',
    async (behaves) => {
      const before = fake(behaves).tokenRequests.length;
      expect(await signIn(behaves, { breakage: 'other-issuer-parameter' })).toBe('wrong-provider');
      expect(fake(behaves).tokenRequests.length).toBe(before);
    },
  );

  it.each(['google', 'organisation'] as const)(
    'at %s, a missing iss parameter is refused, being promised',
    async (behaves) => {
      expect(await signIn(behaves, { breakage: 'missing-issuer-parameter' })).toBe('wrong-provider');
    },
  );

  it('two iss parameters are refused', async () => {
    const attempt = await attemptAt(upstreamOf('google'));
    attempt.callback.searchParams.append('iss', fake('google').issuer);
    expect(await outcomeOf(upstreamOf('google').finish(attempt))).toBe('wrong-provider');
  });

  it('an answer of another attempt does not fit what was kept of this one', async () => {
    const [mine, theirs] = [await attemptAt(upstreamOf('google')), await attemptAt(upstreamOf('google'))];
    const swapped = upstreamOf('google').finish({ ...mine, callback: theirs.callback });
    expect(await outcomeOf(swapped)).toBe('provider-error'); // openid-client: state
  });

  it("another attempt's code does not fit this one's PKCE verifier", async () => {
    const [mine, theirs] = [await attemptAt(upstreamOf('google')), await attemptAt(upstreamOf('google'))];
    mine.callback.searchParams.set('code', theirs.callback.searchParams.get('code') ?? '');
    expect(await outcomeOf(upstreamOf('google').finish(mine))).toBe('replayed');
  });
});

describe('A7 RFC 9700', () => {
  it.each(EVERY)('at %s: code flow, PKCE S256, state and nonce of each attempt', async (behaves) => {
    const upstream = upstreamOf(behaves);
    const [first, second] = [await attemptAt(upstream), await attemptAt(upstream)];
    for (const { location, redirectUri, kept } of [first, second]) {
      const asked = Object.fromEntries(location.searchParams);
      expect(asked).toMatchObject({
        response_type: 'code',
        code_challenge_method: 'S256',
        redirect_uri: redirectUri,
        nonce: kept.nonce,
        state: kept.state,
      });
      expect(asked.code_challenge).toMatch(/^[\w-]{43}$/);
      expect(location.href).not.toContain(kept.codeVerifier);
    }
    for (const name of ['nonce', 'codeVerifier', 'state']) expect(first.kept[name]).not.toBe(second.kept[name]);
  });

  it.each(EVERY)('at %s: a code is good once', async (behaves) => {
    fake(behaves).signInAs(anna);
    const upstream = upstreamOf(behaves);
    const attempt = await attemptAt(upstream);
    expect(await outcomeOf(upstream.finish(attempt))).toMatchObject(proven);
    expect(await outcomeOf(upstream.finish(attempt))).toBe('replayed');
  });

  it('the redirect URI of the token request is that of the attempt, whatever host the callback came to', async () => {
    fake('google').signInAs(anna);
    const attempt = await attemptAt(upstreamOf('google'));
    const elsewhere = new URL(`http://evil.example/any/path${attempt.callback.search}`);
    expect(await outcomeOf(upstreamOf('google').finish({ ...attempt, callback: elsewhere }))).toMatchObject(proven);
    expect(fake('google').tokenRequests.at(-1)?.get('redirect_uri')).toBe(attempt.redirectUri);
  });

  it.each(EVERY)('at %s: who turns back, and who is turned back, is told apart', async (behaves) => {
    expect(await signIn(behaves, { breakage: 'cancelled' })).toBe('cancelled');
    expect(await signIn(behaves, { breakage: 'provider-error' })).toBe('provider-error');
    expect(await signIn(behaves, { breakage: 'client-refused' })).toBe('provider-error');
    expect(upstreamOf(behaves).isReachable()).toBe(true);
  });

  it('what is kept for a sign-in without its secrets finishes nothing', async () => {
    const attempt = await attemptAt(upstreamOf('google'));
    const kept = { ...attempt.kept, nonce: '' };
    expect(await outcomeOf(upstreamOf('google').finish({ ...attempt, kept }))).toBe('replayed');
  });

  it('10.5.3: metadata of another issuer are refused', async () => {
    const tricked = await startFakeProvider({ behaves: 'organisation', metadata: { issuer: 'https://other.example' } });
    try {
      await expect(attemptAt(organisationAt(tricked))).rejects.toThrow('another issuer');
    } finally {
      await tricked.close();
    }
  });
});

describe('A17 addresses', () => {
  it.each([
    ['anna＠example.com'],
    ['anna@evil.example@example.com'],
    ['аdmin@example.com'],
    ['anna@exam\u00adple.com'],
  ])('%s proves nothing at any provider', async (email) => {
    for (const behaves of EVERY) expect(await signIn(behaves, { claims: { email } })).toMatchObject(unverified);
  });

  it('what is proven is in its canonical form', async () => {
    const email = 'Anna.Berg@EXAMPLE.com';
    for (const behaves of EVERY) {
      expect(await signIn(behaves, { claims: { email, hd: 'example.com' } })).toMatchObject(proven);
    }
  });
});
