import { describe, expect, it } from '@jest/globals';
import type { z } from 'zod';
import { signInContradictions, signInSchema } from './sign-in-settings.ts';

type Written = z.input<typeof signInSchema>;

const faultsOf = (written: Written) => signInContradictions(signInSchema.parse(written));
const program = { clientId: 'archive', kind: 'program' as const, publicKeyFile: 'archive.pem' };
const there = { issuer: 'https://idp.example' };
const secret = { clientId: 'x', clientSecretFile: 'secret' };
const organisation = { ...there, ...secret, name: 'Example ID', domains: ['example.com'] };
const sealing = { ...program, scopes: ['messages:seal' as const], senders: ['@example.org'] };

const webhook = { url: 'https://crm.example.org/segl', secretFile: 'webhook.secret' };

describe('who may sign in how', () => {
  it('is nobody but by a passcode, unless something is configured', () => {
    expect(signInSchema.parse(undefined)).toMatchObject({ microsoft: [], google: [], organisation: [], clients: [] });
    expect(faultsOf({})).toEqual([]);
  });

  it('is written once for each provider and client', () => {
    const google = { clientId: 'g', clientSecretFile: 'secret' };
    expect(faultsOf({ google: [google, google] })).toEqual(['signIn: two providers have the id google']);
    expect(faultsOf({ google: [google, { ...google, id: 'school' }] })).toEqual([]);
    expect(faultsOf({ clients: [sealing, sealing] })).toEqual(['signIn.clients: archive stands twice']);
    expect(faultsOf({ clients: [{ ...sealing, clientId: 'portal' }] })).toEqual([
      'signIn.clients: portal stands twice: it is the portal itself',
    ]);
  });

  it.each<[string, Written]>([
    ['needs a clientSecretFile or a privateKeyFile, and not both', { google: [{ clientId: 'g' }] }],
    ['otherIssuer needs a clientSecretFile or a privateKeyFile', { otherIssuer: { ...there, clientId: 'x' } }],
    ['otherIssuer needs', { otherIssuer: { ...there, ...secret, privateKeyFile: 'b' } }],
    ['a certificateFile without the privateKeyFile', { google: [{ ...secret, certificateFile: 'c' }] }],
    ['http is spoken to privateAddresses alone', { otherIssuer: { ...secret, issuer: 'http://idp.example' } }],
    ['http is spoken to', { microsoft: [{ ...secret, authority: 'http://login.example' }] }],
    ['rolesClaim and roles go together', { organisation: [{ ...organisation, rolesClaim: 'groups' }] }],
    ['rolesClaim and roles go together', { organisation: [{ ...organisation, roles: { staff: ['auditor'] } }] }],
    ['and not both', { google: [{ clientId: 'g', clientSecretFile: 'a', privateKeyFile: 'b' }] }],
    ['without scopes: it could do nothing', { clients: [program] }],
    ['it has no redirectUris', { clients: [{ ...sealing, redirectUris: ['https://x.example/cb'] }] }],
    ['needs redirectUris', { clients: [{ ...program, kind: 'application' }] }],
    [
      'scopes and senders are for programs',
      { clients: [{ ...sealing, kind: 'console', redirectUris: ['https://x.example/cb'] }] },
    ],
    ['messages:seal and senders go together', { clients: [{ ...sealing, senders: [] }] }],
    ['messages:seal and senders go together', { clients: [{ ...sealing, scopes: ['audit:read'] }] }],
    ['webhook is for programs with messages:seal', { clients: [{ ...program, scopes: ['audit:read'], webhook }] }],
    [
      'http is spoken to privateAddresses alone',
      { clients: [{ ...sealing, webhook: { ...webhook, url: 'http://x' } }] },
    ],
    ['no provider is configured', { sharedMailboxes: [{ mailboxes: ['@example.com'], reader: 'account' }] }],
  ])('is refused where it %s', (fault, written) => {
    expect(faultsOf(written).join('\n')).toContain(fault);
  });

  it.each<[string, Written]>([
    ['issuer', { organisation: [{ ...organisation, issuer: 'https://idp.example/?realm=1' }] }],
    ['issuer', { otherIssuer: { ...secret, issuer: 'https://idp.example/#x' } }],
    ['issuer', { google: [{ ...secret, issuer: 'https://me:pw@idp.example' }] }],
    ['authority', { microsoft: [{ ...secret, authority: 'https://login.example/?a' }] }],
    ['hosts', { organisation: [{ ...organisation, hosts: ['https://keys.example/'] }] }],
    ['hosts', { otherIssuer: { ...there, ...secret, hosts: ['Keys.example'] } }],
    ['webhook.url', { clients: [{ ...sealing, webhook: { ...webhook, url: 'https://me:pw@crm.example.org' } }] }],
    ['webhook.url', { clients: [{ ...sealing, webhook: { ...webhook, url: 'ftp://crm.example.org' } }] }],
    ['addressClaim', { organisation: [{ ...organisation, addressClaim: '' }] }],
  ])('is refused by its %s', (setting, written) => {
    const faults = signInSchema.safeParse(written).error?.issues.map(({ path }) => path.join('.'));
    expect(faults).toEqual([expect.stringContaining(setting)]);
  });

  it('takes hosts with ports, and http where a private address is listed', () => {
    const nearby = { issuer: 'http://idp.intern:8080/realms/x', privateAddresses: ['10.0.0.7'] };
    expect(faultsOf({ organisation: [{ ...organisation, ...nearby, hosts: ['[fd12::7]:8443', 'a.b:1'] }] })).toEqual(
      [],
    );
  });
});
