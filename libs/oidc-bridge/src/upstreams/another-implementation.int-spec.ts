import { describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { startMockServerProvider } from '#libs/oidc-bridge/testing';
import type { MockServerProvider } from '#libs/oidc-bridge/testing';
import { outcomeAt } from '../testing/attempt-at-upstream.ts';
import { organisationUpstream } from './organisation/organisation-upstream.ts';

const anna = { email: 'anna.berg@example.com' };
const proven = { provenAddress: 'anna.berg@example.com', unproven: null };
const unverified = { provenAddress: null, unproven: 'address-unverified' };
const organisationAt = ({ issuer, clientId, secret }: MockServerProvider) =>
  organisationUpstream(
    {
      id: 'staff',
      name: 'Staff',
      issuer,
      clientId,
      credential: { secret },
      domains: ['example.com'],
      privateAddresses: ['127.0.0.1', '::1'],
    },
    new Egress(),
  );

describe('another implementation', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('a token signed by %s is good', async (algorithm) => {
    const other = await startMockServerProvider(algorithm);
    other.signInAs({ ...anna, email_verified: true });
    expect(await outcomeAt(organisationAt(other))).toMatchObject({ ...proven, subject: 'johndoe' });
    await other.close();
  });

  it.each<[string, object, string | object]>([
    ['nothing said of the address', { email_verified: undefined }, unverified],
    ['another domain', { email: 'anna@example.org' }, unverified],
    ['another audience', { aud: 'other' }, 'wrong-audience'],
    ['another issuer', { iss: 'http://localhost:1' }, 'wrong-issuer'],
    ['another nonce', { nonce: 'x' }, 'wrong-nonce'],
    ['expired', { exp: 1 }, 'token-invalid'],
  ])('%s', async (_, claims, outcome) => {
    const other = await startMockServerProvider();
    other.signInAs({ ...anna, email_verified: true, ...claims });
    const identity = await outcomeAt(organisationAt(other));
    if (typeof outcome === 'string') expect(identity).toBe(outcome);
    else expect(identity).toMatchObject(outcome);
    await other.close();
  });

  it('an algorithm that is not on the list is refused', async () => {
    const other = await startMockServerProvider('RS512');
    other.signInAs({ ...anna, email_verified: true });
    expect(await outcomeAt(organisationAt(other))).toBe('token-signature');
    await other.close();
  });
});
