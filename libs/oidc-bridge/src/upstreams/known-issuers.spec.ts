import { describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { knownIssuerOf } from './known-issuers.ts';
import { organisationUpstream } from './organisation/organisation-upstream.ts';

const TENANT = '3b2fcd1c-52c5-4a3e-9a42-5c5d6b1b7e11';
const at = (issuer: string, more: object = {}) =>
  organisationUpstream(
    {
      ...{ id: 'staff', name: 'Staff', clientId: 'segl', credential: { secret: 's' } },
      ...{ issuer, domains: ['example.com'], ...more },
    },
    new Egress(),
  );

describe('whose rules hold for an issuer that is configured as an organisation’s', () => {
  it.each([
    ['https://login.microsoftonline.com', `https://login.microsoftonline.com/${TENANT}/v2.0`],
    ['https://login.microsoftonline.us', `https://login.microsoftonline.us/${TENANT}/v2.0`],
    ['https://entra.example', `https://entra.example/${TENANT}/v2.0`],
  ])('Microsoft’s at %s', (authority, issuer) => {
    expect(knownIssuerOf(issuer)).toEqual({ provider: 'microsoft', authority, tenant: TENANT });
    expect(at(issuer).method).toBe('microsoft');
  });

  it('Google’s at Google', () => {
    expect(knownIssuerOf('https://accounts.google.com')).toEqual({ provider: 'google' });
    expect(at('https://accounts.google.com').method).toBe('google');
  });

  it.each(['https://login.example.com/realms/staff', 'https://google.com.example', `https://x.example/${TENANT}`])(
    'the organisation’s own at %s',
    (issuer) => {
      expect(knownIssuerOf(issuer)).toBeNull();
      expect(at(issuer).method).toBe('organisation');
    },
  );

  it.each([
    'https://sts.windows.net/3b2fcd1c-52c5-4a3e-9a42-5c5d6b1b7e11/',
    'https://login.microsoftonline.com/common/v2.0',
    `https://login.microsoftonline.com/${TENANT.toUpperCase()}/v2.0`,
    `https://LOGIN.microsoftonline.com/${TENANT}/v2.0`,
    'https://login.microsoftonline.com./common/v2.0',
    'https://accounts.google.com/',
    'http://accounts.google.com',
  ])('refuses the start for another way to write Microsoft’s or Google’s: %s', (issuer) => {
    expect(() => at(issuer)).toThrow(RangeError);
  });

  it.each([{ addressClaim: 'upn' }, { isAddressAlwaysVerified: true }])(
    'and for a setting against their rules: %j',
    (more) => {
      expect(() => at('https://accounts.google.com', more)).toThrow('by its own rules');
      expect(() => at(`https://login.microsoftonline.com/${TENANT}/v2.0`, more)).toThrow('by its own rules');
      expect(() => at('https://login.example.com', more)).not.toThrow();
    },
  );
});
