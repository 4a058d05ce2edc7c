import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Egress } from '#libs/egress';
import { LOOPBACK_CERTIFICATE } from '#libs/mail/testing';
import { startFakeProvider } from '#libs/oidc-bridge/testing';
import type { Breakage, FakeProvider } from '#libs/oidc-bridge/testing';
import { FixedClock, instantOf } from '#libs/vocabulary';
import { attemptAt, outcomeAt } from '../testing/attempt-at-upstream.ts';
import { organisationUpstream } from './organisation/organisation-upstream.ts';
import type { Upstream } from './upstream.ts';
import { troublesOf } from './watch-upstreams.ts';

let clock: FixedClock;
let fake: FakeProvider;
let lines: string[];
beforeEach(async () => {
  clock = new FixedClock(instantOf(new Date()));
  fake = await startFakeProvider({ behaves: 'organisation' });
  fake.signInAs({ email: 'anna@example.com' });
  lines = [];
});
afterEach(() => fake.close());

function upstreamAt(issuer = fake.issuer, secret = fake.secret): Upstream {
  const upstream = organisationUpstream(
    {
      ...{ id: 'staff', name: 'Staff', issuer, clientId: fake.clientId, domains: ['example.com'] },
      ...{ credential: { secret }, privateAddresses: ['127.0.0.1'] },
    },
    new Egress({ exchangeMs: 1_000 }),
    clock,
  );
  upstream.tell((line) => lines.push(line));
  return upstream;
}
const causeAt = (upstream: Upstream) => troublesOf([upstream])[0]?.cause;

describe('a provider that cannot be used', () => {
  const lies: readonly [string, Readonly<Record<string, unknown>>, string][] = [
    ['another issuer', { issuer: 'https://id.example/' }, 'another issuer, https://id.example/ than the configured'],
    ['an issuer that is no address', { issuer: 'x\nready' }, 'its metadata names another issuer than'],
    ['no token endpoint', { token_endpoint: undefined }, 'its metadata has no token_endpoint'],
    [
      'an endpoint on another host',
      { token_endpoint: 'https://evil.example/t' },
      'token_endpoint lies on evil.example',
    ],
    ['keys inside', { jwks_uri: 'http://169.254.169.254/' }, 'jwks_uri lies on 169.254.169.254'],
    ['an endpoint with our words', { authorization_endpoint: 'http://127.0.0.1/?state=x' }, 'lies on 127.0.0.1'],
  ];
  it.each(lies)('is said once with its cause, and once when it works again: %s', async (_, metadata, cause) => {
    fake.sayOfItself(metadata);
    const upstream = upstreamAt();
    for (let time = 0; time < 3; time += 1) {
      await upstream.examine();
      await expect(attemptAt(upstream)).rejects.toThrow();
      clock.advance(30);
    }
    expect(lines).toEqual([expect.stringContaining(`staff (${fake.issuer}) cannot be used: `)]);
    expect(lines[0]).toContain(cause);
    expect(lines[0]).not.toContain('\n');
    expect(troublesOf([upstream])).toEqual([
      { upstream: 'staff', name: 'Staff', issuer: fake.issuer, cause: expect.any(String), since: expect.any(String) },
    ]);
    fake.sayOfItself({});
    expect(await outcomeAt(upstream)).toMatchObject({ provenAddress: 'anna@example.com' });
    expect(lines.slice(1)).toEqual([`staff (${fake.issuer}) works again`]);
    expect(troublesOf([upstream])).toEqual([]);
  });

  it('because nobody listens there', async () => {
    const upstream = upstreamAt();
    await fake.close();
    await upstream.examine();
    expect(causeAt(upstream)).toContain('ECONNREFUSED');
    expect(lines).toHaveLength(1);
  });

  it('because nobody can check who it is', async () => {
    const server = createTlsServer(LOOPBACK_CERTIFICATE, (_, response) => response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const upstream = upstreamAt(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await upstream.examine();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(causeAt(upstream)).toMatch(/SELF_SIGNED|CERT|ALTNAME/);
  });

  it('because it does not know us, which no visitor can bring about', async () => {
    const upstream = upstreamAt(fake.issuer, 'a secret that has run out');
    expect(await outcomeAt(upstream)).toBe('provider-error');
    expect(causeAt(upstream)).toBe('refuses our credential (invalid_client)');
    await upstream.examine(); // what it says of itself does not end that
    expect(causeAt(upstream)).toBe('refuses our credential (invalid_client)');
    expect(lines).toHaveLength(1);
    expect(upstream.isReachable()).toBe(true);
  });

  it.each<[Breakage, string]>([
    ['token-endpoint-down', 'answered with status 503'],
    ['client-refused', 'refuses our credential (unauthorized_client)'],
  ])('as a sign-in finds: %s, believed for an hour without another one', async (breakage, cause) => {
    const upstream = upstreamAt();
    fake.breakWith(breakage);
    await outcomeAt(upstream).catch(() => undefined);
    expect(causeAt(upstream)).toContain(cause);
    clock.advance(3_600);
    expect(causeAt(upstream)).toBeUndefined();
    fake.breakWith(null);
    await outcomeAt(upstream);
    expect(lines).toHaveLength(2);
  });

  it('writes no more than six lines in ten minutes, whatever visitors bring, and says how many it left out', async () => {
    const upstream = upstreamAt();
    for (let time = 0; time < 5; time += 1) {
      fake.breakWith('token-endpoint-down');
      await outcomeAt(upstream).catch(() => undefined);
      fake.breakWith(null);
      await outcomeAt(upstream);
    }
    expect(lines).toHaveLength(6);
    clock.advance(600);
    fake.breakWith('token-endpoint-down');
    await outcomeAt(upstream).catch(() => undefined);
    expect(lines.at(-1)).toContain('(4 such lines were left out before it)');
    for (let line = lines.length; lines.length === line; fake.breakWith('token-endpoint-down')) {
      clock.advance(-86_400); // set back: nothing is left out for a day
      fake.breakWith(null);
      await outcomeAt(upstream);
    }
  });

  it('is none for what is wrong with one answer', async () => {
    const upstream = upstreamAt();
    for (const breakage of ['forged-signature', 'wrong-nonce', 'cancelled', 'provider-error'] as const) {
      fake.breakWith(breakage);
      await outcomeAt(upstream);
    }
    expect([lines, troublesOf([upstream])]).toEqual([[], []]);
  });
});
