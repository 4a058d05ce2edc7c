import { describe, expect, it } from '@jest/globals';
import type { TokenClaims } from '../token-claims.ts';
import { UpstreamRefused } from '../upstream.ts';
import { organisationIdentity } from './organisation-claims.ts';
import type { OrganisationRules } from './organisation-claims.ts';

const issuer = 'https://login.example.com/realms/staff';
const now = 1_795_000_000;
const expectation = { clientId: 'segl', nonce: 'n-1', now };
const rules: OrganisationRules = { issuer, domains: ['example.com', 'xn--bcher-kva.example'] };
const good: TokenClaims = {
  iss: issuer,
  sub: 'f7d54c22',
  aud: 'segl',
  nonce: 'n-1',
  iat: now,
  exp: now + 300,
  email: 'anna.berg@example.com',
  email_verified: true,
};
const identityOf = (changes: TokenClaims = {}, more: Partial<OrganisationRules> = {}) =>
  organisationIdentity({ ...good, ...changes }, { ...rules, ...more }, expectation);

describe("whom a token of an organisation's provider proves", () => {
  it('is keyed by issuer and subject, and a verified address of its domains counts', () => {
    expect(identityOf()).toEqual({
      method: 'organisation',
      issuer,
      subject: 'f7d54c22',
      provenAddress: 'anna.berg@example.com',
      unproven: null,
      shownAs: 'anna.berg@example.com',
      roles: [],
    });
  });

  it('knows its domains by their one canonical form', () =>
    expect(identityOf({ email: 'Anna@Bücher.example' }).provenAddress).toBe('anna@xn--bcher-kva.example'));

  it.each<[string, TokenClaims]>([
    ['a domain it is not authoritative for', { email: 'anna@example.org' }],
    ['a subdomain', { email: 'anna@mail.example.com' }],
    ['a domain that only ends alike', { email: 'anna@notexample.com' }],
    ['not verified', { email_verified: false }],
    ['verified as text', { email_verified: 'true' }],
    ['nothing said of it', { email_verified: undefined }],
    ['no address', { email: undefined }],
    ['two addresses', { email: ['anna.berg@example.com'] }],
    ['an address that is none', { email: 'anna＠example.com' }],
  ])('proves no address: %s', (_, changes) =>
    expect(identityOf(changes)).toMatchObject({ provenAddress: null, unproven: 'address-unverified' }),
  );

  it('takes a claim as always verified only where the configuration says so, and for its domains alone', () => {
    const always = { addressClaim: 'upn', isAddressAlwaysVerified: true };
    const upn = { email_verified: undefined, email: undefined, upn: 'abe@example.com' };
    expect(identityOf(upn, always).provenAddress).toBe('abe@example.com');
    expect(identityOf(upn, { addressClaim: 'upn' }).provenAddress).toBeNull();
    expect(identityOf({ ...upn, upn: 'abe@example.org' }, always).provenAddress).toBeNull();
  });

  it.each<[string, TokenClaims, string]>([
    ['another issuer', { iss: 'https://login.example.com/realms/other' }, 'wrong-issuer'],
    ['an issuer that only begins alike', { iss: `${issuer}-2` }, 'wrong-issuer'],
    ['no subject', { sub: undefined }, 'token-invalid'],
    ['another nonce', { nonce: 'n-2' }, 'wrong-nonce'],
    ['a further audience', { aud: ['segl', 'account'] }, 'wrong-audience'],
    ['its time over', { exp: now - 60 }, 'token-invalid'],
  ])('is refused for %s', (_, changes, reason) => {
    let refusal: unknown;
    try {
      identityOf(changes);
    } catch (fault) {
      refusal = fault;
    }
    expect(refusal).toBeInstanceOf(UpstreamRefused);
    expect((refusal as UpstreamRefused).reason).toBe(reason);
  });
});

describe('console roles from its claims', () => {
  const roles = new Map([
    ['/compliance', ['auditor']],
    ['/compliance/lead', ['auditor', 'revoker']],
  ]);
  const rolesOf = (changes: TokenClaims, claim: string | readonly string[] = 'groups') =>
    identityOf(changes, { roleMapping: { claim, roles } }).roles;

  it.each<[string, TokenClaims, readonly string[]]>([
    ['a list', { groups: ['/compliance', '/other'] }, ['auditor']],
    ['several values, each role once', { groups: ['/compliance', '/compliance/lead'] }, ['auditor', 'revoker']],
    ['one text', { groups: '/compliance' }, ['auditor']],
    ['no such claim', {}, []],
    ['values that begin alike', { groups: ['/compliance-x', '/Compliance'] }, []],
    ['values of another type', { groups: [{ toString: '/compliance' }, 7, null] }, []],
    ['names of every object', { groups: ['constructor', '__proto__'] }, []],
  ])('%s', (_, changes, expected) => expect(rolesOf(changes)).toEqual(expected));

  it('are found within another claim', () => {
    const nested = { realm_access: { roles: ['/compliance'] } };
    expect(rolesOf(nested, ['realm_access', 'roles'])).toEqual(['auditor']);
    expect(rolesOf(nested, 'realm_access.roles')).toEqual([]);
    expect(rolesOf(nested, ['realm_access', 'constructor', 'name'])).toEqual([]);
  });

  it('come with an account whose address proves nothing', () =>
    expect(rolesOf({ groups: ['/compliance'], email: 'anna@example.org' })).toEqual(['auditor']));

  it('are none where none are configured', () => expect(identityOf({ groups: ['/compliance'] }).roles).toEqual([]));
});
