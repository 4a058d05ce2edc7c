import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { codeOf, DEMONSTRATION_MARK, DESTROYED_SUFFIX, readKeyDirectory } from './custody/key-directory.ts';
import { hasPublicFile, KEY_KINDS, keyIdOf, parseKeyId } from './custody/key-kinds.ts';
import type { KeyId, KeyKind, NamedKey } from './custody/key-kinds.ts';
import { listKeysOf } from './custody/key-listing.ts';
import type { KeyListing } from './custody/key-listing.ts';
import { BadKeyText, makeKey, publicTextOf } from './custody/key-text.ts';
import { KeyringFault } from './keyring-fault.ts';

/** There while `initKeyring` is at work: a keyring that has it and is not whole was interrupted, and is finished by another init. */
const UNFINISHED_MARK = '.unfinished';
/** A temporary file of this age was left by a process that died. */
const STALE_AFTER_MS = 60_000;

/** There are keys already, and making others would leave what they protect unreadable. */
export class KeyringExists extends DomainError {
  constructor(directory: string) {
    super('keyring-exists', `${directory} holds keys already: "segl keys rotate <kind>" makes newer ones`);
  }
}

/** The key is the one in use (or the last of its kind), or there is no such key. The message says what to do. */
export class KeyNotDestroyable extends DomainError {
  constructor(message: string) {
    super('key-not-destroyable', message);
  }
}

/**
 * Makes a directory (0700, with its parents) and in it the first key of each kind, 0600 each. Every file is whole and on disk
 * before it has its name; when it was interrupted, calling it again finishes the work.
 * @throws KeyringExists  when there are keys already; nothing is changed
 */
export async function initKeyring(
  directory: string,
  options: { readonly demonstration: boolean; readonly now: Instant; readonly kinds?: readonly KeyKind[] },
): Promise<readonly KeyListing[]> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const names = await readdir(directory);
  const holdsKeys = names.some((name) => /\.(key|pub|destroyed)$/.test(name)) || names.includes(DEMONSTRATION_MARK);
  if (holdsKeys && !names.includes(UNFINISHED_MARK)) throw new KeyringExists(directory);

  if (!names.includes(UNFINISHED_MARK)) await writeNew(directory, UNFINISHED_MARK, `# begun: ${options.now}\n`);
  if (options.demonstration && !names.includes(DEMONSTRATION_MARK)) {
    await writeNew(
      directory,
      DEMONSTRATION_MARK,
      'Keys of a demonstration. They protect nothing, and no other start of Segl takes them.\n',
    );
  }
  for (const kind of options.kinds ?? KEY_KINDS) {
    const keyId = keyIdOf(kind, 1);
    if (!names.includes(`${keyId}.key`)) {
      if (names.includes(`${keyId}.pub`)) await rm(join(directory, `${keyId}.pub`), { force: true }); // of a key that is lost
      await writeKey(directory, { keyId, kind, version: 1 }, options.now);
    }
    await completePublicHalves(directory, kind);
  }
  await rm(join(directory, UNFINISHED_MARK), { force: true });
  await syncDirectory(directory);
  return listKeys(directory);
}

/**
 * Makes the next version of a kind, which becomes the current one. Older versions stay: they open, verify and overlap until
 * they are destroyed. Two rotations at once make two versions. Public halves that keys of the kind lack (older keyrings have
 * none of `oidc`) are written on the way.
 * @throws KeyringFault  when the directory is not a keyring in order (the kind itself may be missing)
 */
export async function rotateKey(directory: string, kind: KeyKind, options: { readonly now: Instant }): Promise<KeyId> {
  const state = readKeyDirectory(directory, []);
  if (state.faults.length > 0) throw new KeyringFault(state.faults);
  await removeStale(directory);
  await completePublicHalves(directory, kind);
  for (;;) {
    const version =
      1 + Math.max(0, ...(await namedKeys(directory)).filter((key) => key.kind === kind).map((key) => key.version));
    const keyId = keyIdOf(kind, version);
    try {
      await writeKey(directory, { keyId, kind, version }, options.now);
      return keyId;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

/**
 * Destroys the private half of a key: a mark that outlives it first, then its file is overwritten, cut and unlinked. The public
 * halves of manifest and ledger keys stay, so that what they signed can still be verified; that of a sealing key goes, so that
 * nothing is sealed to it, and that of an OIDC key, so that no token counts any more. Destroying again what is destroyed finishes an interrupted destruction and is otherwise fine.
 *
 * What this cannot reach: copies in backups and snapshots, and blocks that an SSD or a copy-on-write file system keeps of an
 * overwritten file. Those go only with the backups and with the disk's own encryption key.
 *
 * @throws KeyNotDestroyable  for the current key of a kind: rotate first. `force` overrules that for every kind but sealing
 */
export async function destroyKey(
  directory: string,
  keyId: KeyId,
  options: { readonly now: Instant; readonly force?: boolean },
): Promise<void> {
  const named = parseKeyId(keyId);
  const known = await namedKeys(directory);
  if (named === null || !known.some((key) => key.keyId === keyId)) {
    throw new KeyNotDestroyable(`there is no key ${keyId} in ${directory}: "segl keys list" names them`);
  }
  const names = await readdir(directory);
  const isCurrent = !known.some(
    (key) => key.kind === named.kind && key.version > named.version && names.includes(`${key.keyId}.key`),
  );
  if (isCurrent && names.includes(`${keyId}.key`) && (named.kind === 'sealing' || options.force !== true)) {
    throw new KeyNotDestroyable(`${keyId} is the key in use: "segl keys rotate ${named.kind}" first, then destroy it`);
  }
  if (!names.includes(keyId + DESTROYED_SUFFIX)) {
    await writeNew(directory, keyId + DESTROYED_SUFFIX, `# destroyed: ${options.now}\n`);
  }
  await shred(join(directory, `${keyId}.key`));
  if (named.kind === 'sealing' || named.kind === 'oidc') await rm(join(directory, `${keyId}.pub`), { force: true });
  await syncDirectory(directory);
}

/** Every key by kind, newest first, destroyed ones included. @throws KeyringFault for a directory that cannot be read */
export async function listKeys(directory: string): Promise<readonly KeyListing[]> {
  const state = readKeyDirectory(directory, KEY_KINDS);
  if (!state.isReadable) throw new KeyringFault(state.faults);
  return listKeysOf(state);
}

async function namedKeys(directory: string): Promise<NamedKey[]> {
  const names = await readdir(directory);
  const stems = new Set(
    names.filter((name) => /\.(key|pub|destroyed)$/.test(name)).map((name) => name.replace(/\.[a-z]+$/, '')),
  );
  return [...stems].map(parseKeyId).filter((named) => named !== null);
}

/** The private half first: whoever sees a public half can rely on the private one being there. */
async function writeKey(directory: string, { keyId, kind }: NamedKey, now: Instant): Promise<void> {
  const { key, pub } = makeKey(kind, now);
  await writeNew(directory, `${keyId}.key`, key);
  if (pub !== null) await writePublicHalf(directory, keyId, pub);
}

/** The same text may be written by two processes at once. */
async function writePublicHalf(directory: string, keyId: KeyId, text: string): Promise<void> {
  try {
    await writeNew(directory, `${keyId}.pub`, text);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

async function completePublicHalves(directory: string, kind: KeyKind): Promise<void> {
  if (!hasPublicFile(kind)) return;
  const names = await readdir(directory);
  for (const { keyId } of (await namedKeys(directory)).filter((key) => key.kind === kind)) {
    if (!names.includes(`${keyId}.key`) || names.includes(`${keyId}.pub`)) continue;
    if (names.includes(keyId + DESTROYED_SUFFIX)) continue;
    const key = await readFile(join(directory, `${keyId}.key`), 'utf8').catch(() => null);
    const text = key === null ? null : publicTextIfSound(kind, key);
    if (text !== null) await writePublicHalf(directory, keyId, text);
  }
}

/** A key that cannot be read is reported by whoever opens the keyring; the newer one may be the remedy. */
function publicTextIfSound(kind: KeyKind, key: string): string | null {
  try {
    return publicTextOf(kind, key);
  } catch (error) {
    if (error instanceof BadKeyText) return null;
    throw error;
  }
}

/** A new file, whole and on disk before it has its name. Linked, not renamed: it never replaces a file. @throws EEXIST */
async function writeNew(directory: string, name: string, text: string): Promise<void> {
  const temporary = join(directory, `.new-${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(temporary, join(directory, name));
  } finally {
    await rm(temporary, { force: true });
  }
  await syncDirectory(directory);
}

async function shred(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      const { size } = await file.stat();
      await file.write(randomBytes(size), 0, size, 0);
      await file.sync();
      await file.truncate(0);
      await file.sync();
    } finally {
      await file.close();
    }
    await rm(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

async function removeStale(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith('.new-')) continue;
    const path = join(directory, name);
    const status = await stat(path).catch(() => null);
    if (status !== null && Date.now() - status.mtimeMs > STALE_AFTER_MS) await shred(path);
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (process.platform !== 'win32') throw error; // Windows cannot sync a directory; development only
  } finally {
    await handle.close();
  }
}
