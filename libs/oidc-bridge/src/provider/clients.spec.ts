import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { BridgeClient } from '../settings.ts';
import { strangerKeys } from '../testing/stranger-client.ts';
import { testSettings } from '../testing/stranger-client-portal.ts';
import { clientFaults, rs256Faults, clientMetadata, ConfiguredClients } from './clients.ts';

const archive: BridgeClient = {
  kind: 'application',
  clientId: 'archive',
  name: 'Archive',
  publicKeys: [strangerKeys().publicKey],
  redirectUris: ['https://archive.example/callback'],
  passcodesPerHour: 10,
};
const mailer: BridgeClient = {
  kind: 'program',
  clientId: 'mailer',
  name: 'Mailer',
  publicKeys: [generateKeyPairSync('ed25519').publicKey],
  scopes: ['messages:seal'],
};

describe('clients from the configuration', () => {
  it('are in order', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    expect(clientFaults([archive, mailer, { ...archive, clientId: 'a', publicKeys: [rsa] }])).toEqual([]);
    expect(clientFaults([{ ...archive, redirectUris: ['http://127.0.0.1:9000/cb', 'http://[::1]/cb'] }])).toEqual([]);
  });

  it.each<[string, Partial<BridgeClient>, RegExp]>([
    ['a name in capitals', { clientId: 'Archive' }, /a–z, 0–9/],
    ['no name', { clientId: '' }, /a–z, 0–9/],
    ['the portal’s name', { clientId: 'portal' }, /taken/],
    ['no key', { publicKeys: [] }, /no public key/],
    ['a short RSA key', { publicKeys: [generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey] }, /2048/],
    ['another curve', { publicKeys: [generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey] }, /P-256/],
    ['a key that signs nothing', { publicKeys: [generateKeyPairSync('x25519').publicKey] }, /P-256/],
    ['no redirect URI', { redirectUris: [] }, /no redirect URI/],
    ['a redirect URI without TLS', { redirectUris: ['http://archive.example/callback'] }, /https/],
    ['a redirect URI with a fragment', { redirectUris: ['https://archive.example/callback#'] }, /fragment/],
    ['a redirect URI with a password', { redirectUris: ['https://a:b@archive.example/'] }, /https/],
    ['a redirect URI that is a script', { redirectUris: ['javascript:alert(1)'] }, /https/],
    ['a redirect URI that is none', { redirectUris: ['callback'] }, /https/],
  ])('are faulty with %s', (_, change, fault) => {
    expect(clientFaults([{ ...archive, ...change } as BridgeClient]).join()).toMatch(fault);
  });

  it('are faulty twice under one name, and as a program without a scope; all at once', () => {
    const faults = clientFaults([archive, archive, { ...mailer, scopes: [] }]);
    expect(faults).toHaveLength(2);
  });

  it('that want RS256 are faulty where the keyring has no key for it, with what to do', () => {
    const wanting = { ...archive, idTokenAlgorithm: 'RS256' } as BridgeClient;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = [{ keyId: 'oidc-rsa-1', privateKey }];
    expect(rs256Faults([wanting, archive, mailer], { oidcRsaKeys: () => [] })).toEqual([
      expect.stringContaining('segl keys rotate oidc-rsa'),
    ]);
    expect(rs256Faults([wanting], { oidcRsaKeys: () => keys })).toEqual([]);
    expect(rs256Faults([archive, mailer], { oidcRsaKeys: () => [] })).toEqual([]);
  });

  it('are known to the library by public keys alone, and nobody else is known', async () => {
    const key = strangerKeys().privateKey; // half a slip of an operator: the private half where the public one belongs
    const settings = testSettings({ clients: [{ ...archive, publicKeys: [key] }, mailer] });
    const clients = clientMetadata(settings, [{ keyId: 'oidc-1', privateKey: strangerKeys().privateKey }], []);
    expect(clients.map(({ client_id }) => client_id)).toEqual(['portal', 'archive', 'mailer']);
    expect(JSON.stringify(clients)).not.toMatch(/"d":|secret"/);
    const known = new ConfiguredClients(clients);
    expect(await known.find('archive')).toMatchObject({ client_id: 'archive' });
    expect(await known.find('nobody')).toBeUndefined();
    expect(await known.find('__proto__')).toBeUndefined();
    await expect(known.upsert()).rejects.toThrow('configuration');
  });
});
