import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type EphemeralStore, MemoryEphemeralStore } from '#libs/ephemeral-store';
import { type EventStore, SqliteEventStore } from '#libs/event-store';
import { type Keyring, type PersonDirectory, SqlitePersonDirectory } from '#libs/keyring';
import type { Clock } from '#libs/vocabulary';
import { ConfigurationFault } from './config.ts';
import { isEmbedded, type StoreFiles } from './store-urls.ts';

/** Where a store is; the URL has been checked (store-urls.ts). */
export interface StorePlace {
  readonly url: string;
  readonly files: StoreFiles;
  /** Told what an adapter does on its own account: connections lost and made, retries. Never an address of a person. */
  readonly onNotice: (notice: unknown) => void;
}

/** @throws EventStoreUnavailable, ConfigurationFault */
export async function openEventStore({ url }: StorePlace, clock: Clock): Promise<EventStore> {
  if (isEmbedded('eventStore', url)) return SqliteEventStore.open(preparedPath(url), { clock });
  throw new ConfigurationFault(['eventStore: this build takes sqlite:<path> only']);
}

/** @throws EphemeralStoreUnavailable, ConfigurationFault */
export async function openEphemeralStore(
  { url }: StorePlace,
  options: { readonly maxBytes: number; readonly keyring: Keyring },
): Promise<EphemeralStore> {
  if (isEmbedded('ephemeralStore', url)) return new MemoryEphemeralStore({ maxBytes: options.maxBytes });
  throw new ConfigurationFault(['ephemeralStore: this build takes memory: only']);
}

/** @throws PersonDirectoryUnavailable, KeyringFault, ConfigurationFault */
export async function openPersonDirectory({ url }: StorePlace, keyring: Keyring): Promise<PersonDirectory> {
  if (isEmbedded('personKeys', url)) return SqlitePersonDirectory.open(preparedPath(url), keyring);
  throw new ConfigurationFault(['personKeys: this build takes sqlite:<path> only']);
}

/** The file behind `sqlite:`; whoever calls has a checked URL. */
export function sqlitePath(url: string): string {
  return resolve(url.slice('sqlite:'.length));
}

/** The directory of a SQLite file is made when it is missing; the file is made by whoever opens it. */
function preparedPath(url: string): string {
  const path = sqlitePath(url);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigurationFault([`${url}: its directory cannot be made: ${(error as Error).message}`]);
  }
  return path;
}
