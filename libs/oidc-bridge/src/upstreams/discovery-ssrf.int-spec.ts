import { describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import type { FakeProvider } from '#libs/oidc-bridge/testing';
import { attemptAt } from '../testing/attempt-at-upstream.ts';
import { googleUpstream } from './google/google-upstream.ts';
import { microsoftUpstream } from './microsoft/microsoft-upstream.ts';
import { organisationUpstream } from './organisation/organisation-upstream.ts';
import { UpstreamUnreachable } from './upstream.ts';

const EVERY = ['microsoft', 'google', 'organisation'] as const;
const egress = new Egress();
const clientOf = ({ clientId, secret }: { clientId: string; secret: string }) => ({
  name: 'An account',
  clientId,
  credential: { secret },
  privateAddresses: ['127.0.0.1', '::1'],
});
const microsoftAt = (fake: FakeProvider) =>
  microsoftUpstream({ ...clientOf(fake), id: 'microsoft', accounts: 'both', authority: fake.url }, egress);
const googleAt = (fake: FakeProvider) =>
  googleUpstream({ ...clientOf(fake), id: 'google', issuer: fake.issuer }, egress);
const organisationAt = (fake: FakeProvider) =>
  organisationUpstream({ ...clientOf(fake), id: 'staff', issuer: fake.issuer, domains: ['example.com'] }, egress);

describe('A9 SSRF through discovery', () => {
  it.each([
    ['jwks_uri', 'https://127.0.0.1/keys'],
    ['jwks_uri', 'http://169.254.169.254/latest/meta-data/'],
    ['jwks_uri', 'https://keys.evil.example/'],
    ['jwks_uri', 'file:///etc/passwd'],
    ['token_endpoint', 'http://127.0.0.1:25/'],
    ['token_endpoint', 'https://169.254.169.254/token'],
    ['token_endpoint', 'https://token.evil.example/'],
    ['authorization_endpoint', 'https://phish.evil.example/authorize'],
    ['authorization_endpoint', 'javascript:alert(1)'],
  ])('%s at %s is refused, and nobody asks there', async (endpoint, url) => {
    for (const behaves of EVERY) {
      const tricked = await startFakeProvider({ behaves, metadata: { [endpoint]: url } });
      const upstream = { microsoft: microsoftAt, google: googleAt, organisation: organisationAt }[behaves](tricked);
      await expect(attemptAt(upstream)).rejects.toBeInstanceOf(UpstreamUnreachable);
      expect(upstream.isReachable()).toBe(false);
      await tricked.close();
    }
  });

  it('an issuer on a private address that is not listed is not asked', async () => {
    const fake = await startFakeProvider({ behaves: 'organisation' });
    const { issuer, clientId, secret, asked } = fake;
    const before = asked.length;
    const upstream = organisationUpstream(
      { id: 'staff', name: 'Staff', issuer, clientId, credential: { secret }, domains: ['example.com'] },
      egress,
    );
    await expect(attemptAt(upstream)).rejects.toBeInstanceOf(UpstreamUnreachable);
    expect(asked.length).toBe(before);
    await fake.close();
  });
});
