import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newPersonId } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { SqlitePersonDirectory } from '../adapters/sqlite/sqlite-person-directory.ts';
import { initKeyring } from '../change-keys.ts';
import { KEY_KINDS, SLOW_KINDS } from '../custody/key-kinds.ts';
import { Keyring } from '../keyring.ts';
import type { KeyringOptions } from '../keyring.ts';
import { PersonKey } from '../person/person.ts';
import type { Person } from '../person/person.ts';

export interface TemporaryKeyring {
  readonly directory: string;
  readonly keyring: Keyring;
  /** Closes the keyring and removes the directory. */
  remove(): Promise<void>;
}

/** A whole, real keyring of fresh keys in a directory of its own, but for RSA, of which one key takes half a second. About 20 ms. Production by default. */
export async function temporaryKeyring(options: Partial<KeyringOptions> = {}): Promise<TemporaryKeyring> {
  const parent = await mkdtemp(join(tmpdir(), 'segl-keyring-'));
  const directory = join(parent, 'keyring');
  const demonstration = options.demonstration ?? false;
  const kinds = KEY_KINDS.filter((kind) => !SLOW_KINDS.includes(kind));
  await initKeyring(directory, { demonstration, now: '2026-01-01T00:00:00.000Z' as Instant, kinds });
  const keyring = await Keyring.open(directory, { ...options, demonstration });
  return {
    directory,
    keyring,
    async remove() {
      keyring.close();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

export interface TemporaryPersonDirectory {
  readonly persons: SqlitePersonDirectory;
  readonly path: string;
  remove(): Promise<void>;
}

/** An empty person directory in a file of its own. The keyring stays the caller's. */
export async function temporaryPersonDirectory(keyring: Keyring): Promise<TemporaryPersonDirectory> {
  const parent = await mkdtemp(join(tmpdir(), 'segl-persons-'));
  const path = join(parent, 'persons.db');
  const persons = await SqlitePersonDirectory.open(path, keyring);
  return {
    persons,
    path,
    async remove() {
      await persons.close();
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** Somebody, for tests that need a person and no directory. */
export function anyPerson(): Person {
  return { personId: newPersonId(), key: new PersonKey(crypto.getRandomValues(new Uint8Array(32))) };
}
