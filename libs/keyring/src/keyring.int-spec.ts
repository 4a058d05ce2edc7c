import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Decrypter, Encrypter } from 'age-encryption';
import type { Instant } from '#libs/vocabulary';
import { destroyKey, initKeyring, KeyNotDestroyable, KeyringExists, listKeys, rotateKey } from './change-keys.ts';
import { KEY_KINDS } from './custody/key-kinds.ts';
import { Keyring } from './keyring.ts';
import type { KeyringOptions } from './keyring.ts';
import { KeyringFault } from './keyring-fault.ts';

const now = '2026-03-01T12:00:00.000Z' as Instant;
let parent: string;
let directory: string;
const open: Keyring[] = [];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'segl-keyring-'));
  directory = join(parent, 'keyring');
});

afterEach(async () => {
  for (const keyring of open.splice(0)) keyring.close();
  await rm(parent, { recursive: true, force: true });
});

const at = (name: string) => join(directory, name);

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

const init = (demonstration = false) => initKeyring(directory, { demonstration, now });

describe('a new keyring', () => {
  it('has one key of each kind, each in an owner-only file of its own', async () => {
    const listed = await init();
    expect(listed.map((key) => `${key.keyId} ${key.status} ${key.createdAt}`)).toEqual(
      [...KEY_KINDS].sort().map((kind) => `${kind}-1 current ${now}`),
    );
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const names = await readdir(directory);
    expect(names.sort()).toEqual(
      [
        ...KEY_KINDS.map((kind) => `${kind}-1.key`),
        ...['ledger', 'manifest', 'oidc', 'sealing'].map((kind) => `${kind}-1.pub`),
      ].sort(),
    );
    for (const name of names) expect((await stat(at(name))).mode & 0o777).toBe(0o600);
  });

  it('works as a whole', async () => {
    await init();
    const keyring = await openKeyring();
    expect(keyring.sealingIdentity(keyring.sealingRecipient().keyId)?.identity).toMatch(/^AGE-SECRET-KEY-PQ-1/);
    const signer = keyring.manifestSigner();
    const signature = signer.sign(Buffer.from('manifest'));
    expect(keyring.manifestVerifier(signer.keyId)?.verify(Buffer.from('manifest'), signature)).toBe(true);
    expect(keyring.manifestVerifier(signer.keyId)?.verify(Buffer.from('manifesto'), signature)).toBe(false);
    expect(keyring.manifestVerifier(signer.keyId)?.verify(Buffer.from('manifest'), signature.subarray(1))).toBe(false);
    expect(keyring.ledgerVerifier(signer.keyId)).toBeNull();
    expect(keyring.ledgerSigner().publicKey).toHaveLength(32);
    expect(keyring.ledgerSigner().publicKey).not.toEqual(signer.publicKey);
    expect(keyring.oidcKeys()[0]?.privateKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(keyring.cookieKeys().map((key) => key.length)).toEqual([32]);
    expect(keyring.ephemeralKeys().map((key) => key.length)).toEqual([32]);
    expect(keyring.ephemeralKeys()).not.toEqual(keyring.cookieKeys());
    expect(keyring.faults()).toEqual([]);
  });

  it('seals to a recipient, and opens with an identity file, that age itself reads', async () => {
    await init();
    const encrypter = new Encrypter();
    const [recipient] = (await readFile(at('sealing-1.pub'), 'utf8')).split('\n').filter((line) => /^[^#]/.test(line));
    encrypter.addRecipient(recipient ?? '');
    const identityFile = await readFile(at('sealing-1.key'), 'utf8');
    expect(identityFile.split('\n')).toEqual([
      `# created: ${now}`,
      `# public key: ${recipient}`,
      expect.stringMatching(/^AGE-SECRET-KEY-PQ-1/),
      '',
    ]);
    const decrypter = new Decrypter();
    decrypter.addIdentity((await openKeyring()).sealingIdentity('sealing-1')?.identity ?? '');
    expect(await decrypter.decrypt(await encrypter.encrypt('sealed'), 'text')).toBe('sealed');
  });

  it('is never made over another one, and finished when it was interrupted', async () => {
    await init();
    await expect(init()).rejects.toThrow(KeyringExists);
    await rm(at('oidc-1.key'));
    await expect(init()).rejects.toThrow(KeyringExists);
    await writeFile(at('.unfinished'), '');
    const cookies = await readFile(at('cookies-1.key'), 'utf8');
    await init();
    expect(await faultsOf()).toEqual([]);
    expect(await readFile(at('cookies-1.key'), 'utf8')).toBe(cookies);
  });

  it('of a demonstration serves nothing else, and the reverse', async () => {
    await init(true);
    expect(await faultsOf()).toEqual([expect.stringContaining('marked DEMONSTRATION')]);
    expect((await openKeyring({ demonstration: true })).isDemonstration).toBe(true);
    directory = join(parent, 'production');
    await init();
    expect(await faultsOf({ demonstration: true })).toEqual([expect.stringContaining('production keyring')]);
  });
});

describe('what is wrong with a keyring', () => {
  it('is said at once, each with what to do', async () => {
    await init();
    await chmod(directory, 0o750);
    await chmod(at('oidc-1.key'), 0o644);
    await writeFile(at('manifest-1.key'), 'no key');
    await copyFile(at('ledger-1.pub'), at('manifest-1.pub'));
    await rm(at('cookies-1.key'));
    await writeFile(at('person-index-1.key'), 'c2hvcnQ\n', { mode: 0o600 });
    await writeFile(at('sealing-01.key'), '', { mode: 0o600 });
    await copyFile(at('oidc-1.key'), at('ledger-2.key'));
    await chmod(at('ledger-2.key'), 0o600);
    const faults = await faultsOf();
    expect(faults).toEqual(
      [
        [directory, 'mode 750', 'chmod 700'],
        ['sealing-01.key', 'not named like a key', 'move it out'],
        ['ledger-2.key', 'Ed25519', 'take it away'],
        ['manifest-1.key', 'PEM', 'backup'],
        ['oidc-1.key', 'mode 644', 'chmod 600'],
        ['person-index-1.key', '32 bytes', 'backup'],
        ['no cookies key', 'segl keys rotate cookies'],
      ].map((parts) => expect.stringMatching(new RegExp(parts.map((part) => part.replaceAll('.', '\\.')).join('.*')))),
    );
    expect(faults.join()).not.toContain('c2hvcnQ');
  });

  it.each([
    [
      'a public half of another key',
      async () => copyFile(at('ledger-1.pub'), at('manifest-1.pub')),
      /halves of one key/,
    ],
    ['a sealing key with a typing error', async () => spoil('sealing-1.key'), /hybrid identity/],
    [
      'a recipient with a typing error',
      async () => spoil('sealing-1.pub'),
      /sealing-1\.pub does not hold one recipient/,
    ],
    ['a lost private half', async () => rm(at('sealing-1.key')), /cannot be opened here/],
    [
      'a directory in the place of a key',
      async () => rm(at('oidc-1.key')).then(() => mkdir(at('oidc-1.key'))),
      /not a key file/,
    ],
  ])('%s', async (_, spoilIt, fault) => {
    await init();
    await spoilIt();
    expect(await faultsOf()).toEqual([expect.stringMatching(fault)]);
  });

  it('may be that there is none', async () => {
    expect(await faultsOf()).toEqual([expect.stringContaining('segl keys init')]);
    await writeFile(directory, '');
    expect(await faultsOf()).toEqual([expect.stringContaining('not a directory')]);
  });

  it('is told by the owner of a file too', async () => {
    if (process.getuid?.() !== 0) return; // only root can give a file away
    await init();
    const { chown } = await import('node:fs/promises');
    await chown(at('cookies-1.key'), 12345, 12345);
    expect(await faultsOf()).toEqual([expect.stringContaining('belongs to user 12345')]);
  });

  async function spoil(name: string): Promise<void> {
    const text = await readFile(at(name), 'utf8');
    await writeFile(
      at(name),
      text.replace(/(.)\n$/, (_, last: string) => (last.toLowerCase() === 'q' ? 'p\n' : 'q\n')),
    );
  }
});

describe('a role with its own keys', () => {
  it('needs no others, and reads no private half where the public one is enough', async () => {
    await init();
    const names = await readdir(directory);
    for (const name of names.filter((file) => !['sealing-1.pub', 'manifest-1.key', 'manifest-1.pub'].includes(file)))
      await rm(at(name));
    const gateway = await openKeyring({ kinds: ['sealing.pub', 'manifest'] });
    expect(gateway.sealingRecipient().keyId).toBe('sealing-1');
    expect(gateway.sealingEpochs()).toMatchObject([{ keyId: 'sealing-1', isOpenedHere: false }]);
    expect(gateway.sealingIdentity('sealing-1')).toBeNull();
    expect(gateway.manifestSigner().keyId).toBe('manifest-1');
    expect(() => gateway.cookieKeys()).toThrow(KeyringFault);
    await rm(at('manifest-1.key'));
    expect(await faultsOf({ kinds: ['sealing.pub', 'manifest.pub'] })).toEqual([]);
    expect(await faultsOf({ kinds: ['sealing', 'manifest'] })).toHaveLength(2);
  });

  it('does not even open the files of the others', async () => {
    await init();
    await writeFile(at('sealing-1.key'), 'not for the gateway');
    await writeFile(at('ledger-1.key'), 'nor this');
    expect(await faultsOf({ kinds: ['sealing.pub', 'manifest'] })).toEqual([]);
  });
});

/** A directory is followed at intervals; a busy machine takes longer over them. @throws Error after 25 s */
async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 25_000; !isSo(); await sleep(5)) {
    if (Date.now() > deadline) throw new Error('it never came about');
  }
}

describe('rotation', () => {
  it('makes the next version current; the older ones go on opening and verifying', async () => {
    await init();
    const keyring = await openKeyring({ followIntervalMs: 20 });
    const signature = keyring.manifestSigner().sign(Buffer.from('old'));
    const [oldCookie] = keyring.cookieKeys();
    for (const kind of KEY_KINDS) expect(await rotateKey(directory, kind, { now })).toBe(`${kind}-2`);
    await until(() => keyring.list().filter((key) => key.status === 'older').length === KEY_KINDS.length);
    expect(keyring.sealingRecipient().keyId).toBe('sealing-2');
    expect(keyring.sealingEpochs()).toMatchObject([
      { keyId: 'sealing-2', createdAt: now, isOpenedHere: true },
      { keyId: 'sealing-1', createdAt: now, isOpenedHere: true },
    ]);
    expect(keyring.sealingIdentity('sealing-1')).not.toBeNull();
    expect(keyring.manifestSigner().keyId).toBe('manifest-2');
    expect(keyring.manifestVerifier('manifest-1')?.verify(Buffer.from('old'), signature)).toBe(true);
    expect(keyring.oidcKeys().map((key) => key.keyId)).toEqual(['oidc-2', 'oidc-1']);
    expect(keyring.cookieKeys()).toHaveLength(2);
    expect(keyring.cookieKeys()[1]).toEqual(oldCookie);
    expect(keyring.list().filter((key) => key.status === 'older')).toHaveLength(KEY_KINDS.length);
  });

  it('is followed by default, and at once by whoever asks for the new key', async () => {
    await init();
    const [following, asking] = [await openKeyring(), await openKeyring({ followIntervalMs: 60_000 })];
    await sleep(300);
    await rotateKey(directory, 'sealing', { now });
    expect(asking.sealingIdentity('sealing-2')).not.toBeNull();
    await until(() => following.sealingRecipient().keyId === 'sealing-2');
  });

  it('gives every caller at once a version of its own', async () => {
    await init();
    const made = await Promise.all(Array.from({ length: 12 }, () => rotateKey(directory, 'cookies', { now })));
    expect(new Set(made).size).toBe(12);
    expect((await openKeyring()).cookieKeys()).toHaveLength(13);
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('destruction', () => {
  it('takes the key from the file system and from whoever follows', async () => {
    await init();
    const keyring = await openKeyring({ followIntervalMs: 20 });
    await rotateKey(directory, 'sealing', { now });
    await destroyKey(directory, 'sealing-1', { now });
    await until(() => keyring.sealingIdentity('sealing-1') === null);
    expect(keyring.sealingRecipient().keyId).toBe('sealing-2');
    expect(await readdir(directory)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^sealing-1\.(key|pub)$/)]),
    );
    expect((await listKeys(directory)).find((key) => key.keyId === 'sealing-1')).toEqual({
      keyId: 'sealing-1',
      kind: 'sealing',
      version: 1,
      status: 'destroyed',
      createdAt: null,
      destroyedAt: now,
    });
    await destroyKey(directory, 'sealing-1', { now }); // again is fine
  });

  it('leaves the public half of a manifest key, so that what it signed still verifies', async () => {
    await init();
    const keyring = await openKeyring({ followIntervalMs: 20 });
    const signature = keyring.manifestSigner().sign(Buffer.from('old'));
    await rotateKey(directory, 'manifest', { now });
    await destroyKey(directory, 'manifest-1', { now });
    await until(() => keyring.list().find((key) => key.keyId === 'manifest-1')?.status === 'destroyed');
    expect(keyring.manifestVerifier('manifest-1')?.verify(Buffer.from('old'), signature)).toBe(true);
    expect(await faultsOf()).toEqual([]);
  });

  it('never takes the key in use, unless forced, and that of sealing not even then', async () => {
    await init();
    await expect(destroyKey(directory, 'cookies-1', { now })).rejects.toThrow(KeyNotDestroyable);
    await expect(destroyKey(directory, 'sealing-1', { now, force: true })).rejects.toThrow('segl keys rotate sealing');
    await expect(destroyKey(directory, 'sealing-7', { now })).rejects.toThrow('no key sealing-7');
    await expect(destroyKey(directory, '../x', { now })).rejects.toThrow(KeyNotDestroyable);
    expect(await faultsOf()).toEqual([]);
    await destroyKey(directory, 'cookies-1', { now, force: true });
    expect(await faultsOf()).toEqual([expect.stringContaining('no cookies key')]);
    expect(await rotateKey(directory, 'cookies', { now })).toBe('cookies-2'); // a name is never used twice
  });

  it('that was interrupted is finished by another', async () => {
    await init();
    await rotateKey(directory, 'sealing', { now });
    await writeFile(at('sealing-1.destroyed'), `# destroyed: ${now}\n`);
    expect(await faultsOf()).toEqual([expect.stringContaining('segl keys destroy sealing-1')]);
    await destroyKey(directory, 'sealing-1', { now });
    expect(await faultsOf()).toEqual([]);
  });
});

describe('a file that turns bad under a running process', () => {
  it('keeps the key that was read from it, and is reported until it is well again', async () => {
    await init();
    const reports: (readonly string[])[] = [];
    const keyring = await openKeyring({ followIntervalMs: 20, onFault: (faults) => reports.push(faults) });
    const good = await readFile(at('sealing-1.key'));
    await writeFile(at('sealing-1.key'), 'torn');
    await writeFile(at('cookies-2.key'), 'new and bad', { mode: 0o600 });
    await until(() => reports.at(-1)?.length === 2);
    expect(keyring.sealingIdentity('sealing-1')).not.toBeNull();
    expect(keyring.cookieKeys()).toHaveLength(1);
    expect(keyring.faults()).toHaveLength(2);
    await writeFile(at('sealing-1.key'), good);
    await rm(at('cookies-2.key'));
    await until(() => reports.at(-1)?.length === 0);
    // Told when something changes, and only then; how many steps were seen of it is a matter of chance.
    reports.forEach((report, index) => expect(report).not.toEqual(reports[index - 1]));
  });

  it('may be the whole directory', async () => {
    await init();
    const keyring = await openKeyring({ followIntervalMs: 20 });
    await rename(directory, `${directory}.away`);
    await until(() => keyring.faults().length === 1);
    expect(keyring.sealingIdentity('sealing-1')).not.toBeNull();
    await initKeyring(directory, { demonstration: true, now });
    await until(() => keyring.faults().some((fault) => fault.includes('DEMONSTRATION')));
    expect(keyring.isDemonstration).toBe(false);
    await rm(directory, { recursive: true });
    await rename(`${directory}.away`, directory);
    await until(() => keyring.faults().length === 0);
  });
});
