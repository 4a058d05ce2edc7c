import { generateKeyPairSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instant } from '#libs/vocabulary';
import { destroyKey, initKeyring, rotateKey } from '../change-keys.ts';
import { Keyring } from '../keyring.ts';
import type { KeyringOptions } from '../keyring.ts';
import { KeyringFault } from '../keyring-fault.ts';
import { KEY_KINDS } from './key-kinds.ts';

const now = '2026-03-01T12:00:00.000Z' as Instant;
let directory: string;
const open: Keyring[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'segl-keyring-'));
});

afterEach(async () => {
  for (const keyring of open.splice(0)) keyring.close();
  await rm(directory, { recursive: true, force: true });
});

const at = (name: string) => join(directory, name);
const init = () => initKeyring(directory, { demonstration: false, now });

async function openKeyring(options: Partial<KeyringOptions> = {}): Promise<Keyring> {
  const keyring = await Keyring.open(directory, { demonstration: false, ...options });
  open.push(keyring);
  return keyring;
}

async function faultsOf(options: Partial<KeyringOptions> = {}): Promise<readonly string[]> {
  try {
    await openKeyring(options);
    return [];
  } catch (error) {
    if (error instanceof KeyringFault) return error.faults;
    throw error;
  }
}

describe('RSA keys for applications that know nothing but RS256', () => {
  it('are 3072 bits, are read where a role takes them, and are missed by nobody', async () => {
    await init();
    const portal = await openKeyring({ kinds: ['oidc', 'cookies'], kindsIfThere: ['oidc-rsa'] });
    const [key] = portal.oidcRsaKeys();
    expect(key?.keyId).toBe('oidc-rsa-1');
    expect(key?.privateKey.asymmetricKeyDetails?.modulusLength).toBe(3072);
    const gateway = await openKeyring({ kinds: ['oidc.pub', 'manifest'] });
    expect(gateway.oidcRsaKeys()).toEqual([]);
    await rm(at('oidc-rsa-1.key'));
    const without = await openKeyring({ kinds: ['oidc', 'cookies'], kindsIfThere: ['oidc-rsa'] });
    expect(without.oidcRsaKeys()).toEqual([]);
    expect(without.faults()).toEqual([]);
  });

  it('of another kind, or too short, are refused with the file named', async () => {
    await init();
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    await writeFile(at('oidc-rsa-1.key'), short.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    const fault = expect.stringMatching(/oidc-rsa-1\.key does not hold a private key of the kind RSA of 2048 bits/);
    expect(await faultsOf()).toEqual([fault]);
    await copyFile(at('oidc-1.key'), at('oidc-rsa-1.key'));
    expect(await faultsOf({ kinds: ['oidc'], kindsIfThere: ['oidc-rsa'] })).toEqual([fault]);
  });
});

describe('a keyring from before a kind was there', () => {
  it('is in order without an ephemeral key, which is missed only by who asks for one', async () => {
    await initKeyring(directory, {
      demonstration: false,
      now,
      kinds: KEY_KINDS.filter((kind) => kind !== 'ephemeral'),
    });
    const keyring = await openKeyring();
    expect(keyring.faults()).toEqual([]);
    expect(keyring.list().map((key) => key.kind)).not.toContain('ephemeral');
    expect(() => keyring.ephemeralKeys()).toThrow('segl keys rotate ephemeral');
    expect(await faultsOf({ kinds: ['cookies', 'ephemeral'] })).toEqual([
      expect.stringMatching(/no ephemeral key \(ephemeral-<n>\.key\).*segl keys rotate ephemeral/),
    ]);
    expect(await rotateKey(directory, 'ephemeral', { now })).toBe('ephemeral-1');
    keyring.refresh();
    expect(keyring.ephemeralKeys()).toHaveLength(1);
    expect(await faultsOf({ kinds: ['cookies', 'ephemeral'] })).toEqual([]);
    await rotateKey(directory, 'ephemeral', { now });
    await destroyKey(directory, 'ephemeral-1', { now });
    const [newest] = keyring.ephemeralKeys();
    keyring.refresh();
    expect(keyring.ephemeralKeys()).toHaveLength(1);
    expect(keyring.ephemeralKeys()[0]).not.toEqual(newest);
  });

  it('goes on with OIDC keys that have no public file, until the next rotation writes one for each', async () => {
    await init();
    await rm(at('oidc-1.pub'));
    const keyring = await openKeyring();
    expect(keyring.oidcPublicKeys().map((key) => key.keyId)).toEqual(['oidc-1']);
    expect(await faultsOf({ kinds: ['oidc.pub'] })).toEqual([
      expect.stringMatching(/no oidc key.*segl keys rotate oidc/),
    ]);
    await rotateKey(directory, 'oidc', { now });
    const verifying = await openKeyring({ kinds: ['oidc.pub'] });
    expect(verifying.oidcPublicKeys().map((key) => key.keyId)).toEqual(['oidc-2', 'oidc-1']);
    keyring.refresh();
    expect(verifying.list().map((key) => `${key.keyId} ${key.createdAt}`)).toEqual([`oidc-2 ${now}`, `oidc-1 ${now}`]);
  });
});

describe('an OIDC key', () => {
  it('is verified with the public half alone, and not at all once it is destroyed', async () => {
    await init();
    const signing = await openKeyring();
    const signature = sign('sha256', Buffer.from('token'), signing.oidcKeys()[0]?.privateKey as KeyObject);
    await rm(at('oidc-1.key'));
    const verifying = await openKeyring({ kinds: ['oidc.pub'] });
    expect(verifying.oidcKeys()).toEqual([]);
    expect(verifying.list()).toEqual([expect.objectContaining({ keyId: 'oidc-1', status: 'public', createdAt: now })]);
    const [half] = verifying.oidcPublicKeys();
    expect(verify('sha256', Buffer.from('token'), half?.publicKey as KeyObject, signature)).toBe(true);
    expect(half?.publicKey.type).toBe('public');
    await rotateKey(directory, 'oidc', { now });
    await destroyKey(directory, 'oidc-1', { now });
    verifying.refresh();
    expect(verifying.oidcPublicKeys().map((key) => key.keyId)).toEqual(['oidc-2']);
    expect(await readdir(directory)).not.toContain('oidc-1.pub');
    await writeFile(at('oidc-1.pub'), await readFile(at('oidc-2.pub')), { mode: 0o600 }); // a copy that was left behind
    verifying.refresh();
    expect(verifying.oidcPublicKeys().map((key) => key.keyId)).toEqual(['oidc-2']);
  });

  it.each([
    ['of another kind', async () => copyFile(at('ledger-1.pub'), at('oidc-1.pub')), /oidc-1\.pub .*P-256/],
    ['that is a private one', async () => copyFile(at('oidc-1.key'), at('oidc-1.pub')), /oidc-1\.pub .*P-256/],
    ['of another key', async () => otherOidcHalf(), /halves of one key/],
  ])('has no public half %s', async (_, spoilIt, fault) => {
    await init();
    await spoilIt();
    expect(await faultsOf()).toEqual([expect.stringMatching(fault)]);
  });

  async function otherOidcHalf(): Promise<void> {
    await rotateKey(directory, 'oidc', { now });
    await copyFile(at('oidc-2.pub'), at('oidc-1.pub'));
  }
});
