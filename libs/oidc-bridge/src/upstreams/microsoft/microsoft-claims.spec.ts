import { describe, expect, it } from '@jest/globals';
import type { JWK } from 'jose';
import type { TokenClaims } from '../token-claims.ts';
import { UpstreamRefused } from '../upstream.ts';
import { PERSONAL_TENANT, microsoftIdentity, microsoftKeyMayVouch } from './microsoft-claims.ts';

const authority = 'https://login.microsoftonline.com';
const tid = '3b2fcd1c-52c5-4a3e-9a42-5c5d6b1b7e11';
const oid = '00000000-0000-0000-66f3-3332eca7ea81';
const otherTenant = 'c0ffee00-1111-4222-8333-444455556666';
const now = 1_795_000_000;
const expectation = { clientId: 'segl', nonce: 'n-1', now };
const good: TokenClaims = {
  iss: `${authority}/${tid}/v2.0`,
  tid,
  oid,
  sub: 'pairwise',
  ver: '2.0',
  aud: 'segl',
  nonce: 'n-1',
  iat: now,
  nbf: now,
  exp: now + 3600,
  acct: 0,
  email: 'anna.berg@example.com',
  xms_edov: true,
  preferred_username: 'abe@example.com',
};
const personal: TokenClaims = { iss: `${authority}/${PERSONAL_TENANT}/v2.0`, tid: PERSONAL_TENANT };
const identityOf = (changes: TokenClaims = {}, accounts = 'both') =>
  microsoftIdentity({ ...good, ...changes }, { authority, accounts }, expectation);
const refusalOf = (changes: TokenClaims, accounts?: string): string => {
  try {
    identityOf(changes, accounts);
    return 'accepted';
  } catch (fault) {
    return fault instanceof UpstreamRefused ? fault.reason : String(fault);
  }
};

describe('whom a Microsoft token proves', () => {
  it('is keyed by issuer, tenant and object, and its verified address counts', () => {
    expect(identityOf()).toEqual({
      method: 'microsoft',
      issuer: `${authority}/${tid}/v2.0`,
      subject: `${tid}.${oid}`,
      provenAddress: 'anna.berg@example.com',
      unproven: null,
      shownAs: 'abe@example.com',
      roles: [],
    });
  });

  it.each([[true], [1], ['1'], ['true']])('xms_edov %p verifies the address', (xms_edov) =>
    expect(identityOf({ xms_edov }).provenAddress).toBe('anna.berg@example.com'),
  );

  it.each([[undefined], [false], [0], ['0'], ['false'], ['True'], ['yes'], [2], [''], [null], [[true]], [{}]])(
    'xms_edov %p does not',
    (xms_edov) => {
      expect(identityOf({ xms_edov })).toMatchObject({ provenAddress: null, unproven: 'address-unverified' });
      expect(identityOf({ ...personal, xms_edov })).toMatchObject({ provenAddress: null });
    },
  );

  it('names its subject, as every ID token does, and is of the tenant that answered (RFC 9207)', () => {
    for (const sub of [undefined, '', 7]) expect(refusalOf({ sub })).toBe('token-invalid');
    const answered = (by: string) => () =>
      microsoftIdentity(
        good,
        { authority, accounts: 'both' },
        { ...expectation, answeredBy: `${authority}/${by}/v2.0` },
      );
    expect(answered(tid)).not.toThrow();
    expect(answered(otherTenant)).toThrow('another tenant answered');
  });

  it('has no address from preferred_username, upn or unique_name', () => {
    const elsewhere = { email: undefined, preferred_username: 'victim@example.com', upn: 'victim@example.com' };
    expect(identityOf({ ...elsewhere, unique_name: 'victim@example.com' })).toMatchObject({
      provenAddress: null,
      unproven: 'address-unverified',
      shownAs: 'victim@example.com',
    });
  });

  it('has no address from an email that is none', () =>
    expect(identityOf({ email: 'anna＠example.com' })).toMatchObject({ provenAddress: null }));

  it.each([[1], ['1'], [true], ['guest'], [2], [null]])('proves nothing when acct is %p: a guest', (acct) =>
    expect(identityOf({ acct })).toMatchObject({ provenAddress: null, unproven: 'guest-account' }),
  );

  it.each([[0], ['0']])('is a member when acct is %p', (acct) => expect(identityOf({ acct }).unproven).toBeNull());

  it('is no member where no acct says so: a tenant of anybody’s could have a guest with that address', () => {
    expect(identityOf({ acct: undefined })).toMatchObject({ provenAddress: null, unproven: 'address-unverified' });
    expect(identityOf({ ...personal, acct: undefined }).unproven).toBeNull(); // nobody is a guest there
    expect(identityOf({ ...personal, acct: 1 }).unproven).toBe('guest-account');
  });
});

describe('a Microsoft token', () => {
  it.each<[string, TokenClaims, string]>([
    ['an issuer of another tenant', { iss: `${authority}/${otherTenant}/v2.0` }, 'wrong-issuer'],
    ['an issuer that only begins alike', { iss: `${authority}/${tid}/v2.0.evil.example` }, 'wrong-issuer'],
    ['an issuer with a slash more', { iss: `${authority}/${tid}/v2.0/` }, 'wrong-issuer'],
    ['the issuer of version 1', { iss: `https://sts.windows.net/${tid}/` }, 'wrong-issuer'],
    ['the issuer of another cloud', { iss: `https://login.microsoftonline.us/${tid}/v2.0` }, 'wrong-issuer'],
    ['the template as issuer', { iss: `${authority}/{tenantid}/v2.0` }, 'wrong-issuer'],
    ['a tenant that is no GUID', { tid: 'common', iss: `${authority}/common/v2.0` }, 'wrong-tenant'],
    ['a tenant in capitals', { tid: tid.toUpperCase() }, 'wrong-tenant'],
    ['a tenant with a path', { tid: `${tid}/..` }, 'wrong-tenant'],
    ['no tenant', { tid: undefined }, 'token-invalid'],
    ['version 1', { ver: '1.0' }, 'token-invalid'],
    ['the version as a number', { ver: 2 }, 'token-invalid'],
    ['no object id', { oid: undefined }, 'token-invalid'],
    ['an object id that is no GUID', { oid: 'anna' }, 'token-invalid'],
    ['a further audience', { aud: ['segl', 'other'] }, 'wrong-audience'],
    ['another nonce', { nonce: 'n-2' }, 'wrong-nonce'],
    ['its time over', { exp: now - 60 }, 'token-invalid'],
  ])('is refused for %s', (_, changes, reason) => expect(refusalOf(changes)).toBe(reason));

  it.each<[string, TokenClaims, string]>([
    ['personal', personal, 'accepted'],
    ['personal', {}, 'wrong-tenant'],
    ['work', {}, 'accepted'],
    ['work', personal, 'wrong-tenant'],
    ['both', personal, 'accepted'],
    ['both', {}, 'accepted'],
    [tid, {}, 'accepted'],
    [otherTenant, {}, 'wrong-tenant'],
    [tid, personal, 'wrong-tenant'],
  ])('where %s accounts are served: %j is %s', (accounts, changes, outcome) =>
    expect(refusalOf(changes, accounts)).toBe(outcome),
  );
});

describe('a key of Microsoft', () => {
  const mayVouch = (issuer: unknown, claims: TokenClaims) =>
    microsoftKeyMayVouch(authority, { kty: 'RSA', issuer } as unknown as JWK, claims);

  it.each<[string, unknown, TokenClaims, boolean]>([
    ['of the template, for a tenant', `${authority}/{tenantid}/v2.0`, { tid }, true],
    ['of the template, for a personal account', `${authority}/{tenantid}/v2.0`, personal, true],
    ['of a tenant, for that tenant', `${authority}/${tid}/v2.0`, { tid }, true],
    ['of personal accounts, for these', `${authority}/${PERSONAL_TENANT}/v2.0`, personal, true],
    ['of personal accounts, for a tenant', `${authority}/${PERSONAL_TENANT}/v2.0`, { tid }, false],
    ['of a tenant, for another', `${authority}/${tid}/v2.0`, { tid: otherTenant }, false],
    ['of a tenant, for a personal account', `${authority}/${tid}/v2.0`, personal, false],
    ['of another cloud', 'https://login.microsoftonline.us/{tenantid}/v2.0', { tid }, false],
    ['that does not say whose it is', undefined, { tid }, false],
    ['for a token without a tenant', `${authority}/{tenantid}/v2.0`, {}, false],
    ['for a tenant called like the template', `${authority}/{tenantid}/v2.0.x`, { tid: '{tenantid}' }, false],
  ])('%s', (_, issuer, claims, may) => expect(mayVouch(issuer, claims)).toBe(may));
});
