import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Egress } from '#libs/egress';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import type { FakeProvider } from '#libs/oidc-bridge/testing';
import { parseMailAddress } from '#libs/vocabulary';
import { attemptAt } from '../testing/attempt-at-upstream.ts';
import { googleUpstream } from './google/google-upstream.ts';
import { microsoftUpstream } from './microsoft/microsoft-upstream.ts';
import type { Upstream } from './upstream.ts';

const egress = new Egress();
const clientOf = ({ clientId, secret }: { clientId: string; secret: string }) => ({
  name: 'An account',
  clientId,
  credential: { secret },
  privateAddresses: ['127.0.0.1', '::1'],
});

describe('hints at a provider', () => {
  let microsoft: FakeProvider;
  let google: FakeProvider;
  beforeAll(async () => {
    [microsoft, google] = [
      await startFakeProvider({ behaves: 'microsoft' }),
      await startFakeProvider({ behaves: 'google' }),
    ];
  });
  afterAll(async () => {
    await microsoft.close();
    await google.close();
  });

  const microsoftAt = (accounts: string) =>
    microsoftUpstream({ ...clientOf(microsoft), id: 'microsoft', accounts, authority: microsoft.url }, egress);
  const hintsOf = async (upstream: Upstream, address: string | null) => {
    const { location } = await attemptAt(upstream, address === null ? null : parseMailAddress(address));
    return Object.fromEntries(
      ['login_hint', 'domain_hint', 'hd', 'prompt'].flatMap((name) => {
        const value = location.searchParams.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
  };

  it('name the address to Microsoft, and say that an outlook.com account is personal', async () => {
    expect(await hintsOf(microsoftAt('both'), 'anna@outlook.com')).toEqual({
      login_hint: 'anna@outlook.com',
      domain_hint: 'consumers',
    });
    expect(await hintsOf(microsoftAt('work'), 'anna@example.com')).toEqual({
      login_hint: 'anna@example.com',
    });
  });

  it('name the Workspace to Google where it is known to be one', async () => {
    const workspaces = googleUpstream(
      { ...clientOf(google), id: 'google', issuer: google.issuer, workspaceDomains: ['example.com'] },
      egress,
    );
    expect(await hintsOf(workspaces, 'anna@example.com')).toEqual({
      login_hint: 'anna@example.com',
      hd: 'example.com',
    });
    expect(await hintsOf(workspaces, 'anna@example.org')).toEqual({ login_hint: 'anna@example.org' });
  });

  it('are none without a wanted address: a person chooses their account', async () => {
    const upstream = googleUpstream({ ...clientOf(google), id: 'google', issuer: google.issuer }, egress);
    const { location } = await upstream.begin({
      state: 's',
      redirectUri: 'https://x',
      wantedAddress: null,
      locale: 'en',
    });
    expect(location.searchParams.get('prompt')).toBe('select_account');
  });
});
