import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { eventCatalogue } from '#libs/audit';
import { EphemeralStoreUnsafe, MemoryEphemeralStore, openRedisEphemeralStore } from '#libs/ephemeral-store';
import type { EphemeralStore, VouchedFact } from '#libs/ephemeral-store';
import { EventStoreMisconfigured, openEventStoreDb, SqliteEventStore } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { openPostgresPersonDirectory, SqlitePersonDirectory } from '#libs/keyring';
import type { Keyring, PersonDirectory } from '#libs/keyring';
import type { Clock } from '#libs/vocabulary';
import { ConfigurationFault } from '../settings/configuration-fault.ts';
import { isEmbedded } from './store-urls.ts';
import type { StoreNotice } from './store-notices.ts';
import type { StoreFiles } from './store-urls.ts';
import { nameOf } from '../settings/variables.ts';

/** Where a store is; the URL has been checked (store-urls.ts). */
export interface StorePlace {
  readonly url: string;
  readonly files: StoreFiles;
  /** Told what an adapter does on its own account: connections lost and made, retries. Never an address of a person. */
  readonly onNotice: (notice: StoreNotice) => void;
}

/** How long the first connection to Redis may take before the process waits in the open (waiting-room.ts). */
const REDIS_OPEN_MS = 3_000;

/** @throws EventStoreUnavailable, ConfigurationFault */
export async function openEventStore(place: StorePlace, clock: Clock): Promise<EventStore> {
  const { url, files, onNotice } = place;
  if (isEmbedded('eventStore', url)) return SqliteEventStore.open(preparedPath(url), { clock });
  const { eventStoreCredentialsFile: credentialsFile, eventStoreCaFile: caFile } = files;
  try {
    return await openEventStoreDb(url, {
      clock,
      onNotice,
      isOurs: (stream, type) => eventCatalogue.isDescribed(stream, type),
      ...(credentialsFile !== undefined && { credentialsFile }),
      ...(caFile !== undefined && { caFile }),
    });
  } catch (error) {
    if (!(error instanceof EventStoreMisconfigured)) throw error;
    throw new ConfigurationFault([`${nameOf('eventStore')}: ${error.message}`]);
  }
}

export interface EphemeralStoreNeeds {
  readonly maxBytes: number;
  readonly keyring: Keyring;
  /** As `stores.ephemeralVouchedFor` has it. */
  readonly vouchedFor: readonly VouchedFact[];
}

/** @throws EphemeralStoreUnavailable, KeyringFault, ConfigurationFault (with every reason why a server is not safe to use) */
export async function openEphemeralStore(
  { url, files, onNotice }: StorePlace,
  { maxBytes, keyring, vouchedFor }: EphemeralStoreNeeds,
): Promise<EphemeralStore> {
  if (isEmbedded('ephemeralStore', url)) return new MemoryEphemeralStore({ maxBytes });
  const { ephemeralPasswordFile: passwordFile, ephemeralCaFile: caFile } = files;
  try {
    return await openRedisEphemeralStore(url, {
      maxBytes,
      key: () => keyring.ephemeralKeys(),
      onNotice,
      vouchedFor,
      openMs: REDIS_OPEN_MS,
      ...(passwordFile !== undefined && { passwordFile }),
      ...(caFile !== undefined && { caFile }),
    });
  } catch (error) {
    const name = nameOf('ephemeralStore');
    if (error instanceof EphemeralStoreUnsafe) {
      throw new ConfigurationFault(error.reasons.map((reason) => `${name}: is not safe to use: ${reason}`));
    }
    if (error instanceof TypeError) throw new ConfigurationFault([`${name}: ${error.message}`]); // a faulty address
    throw error;
  }
}

/** @throws PersonDirectoryUnavailable, KeyringFault, ConfigurationFault */
export async function openPersonDirectory(
  { url, files, onNotice }: StorePlace,
  keyring: Keyring,
): Promise<PersonDirectory> {
  if (isEmbedded('personKeys', url)) return SqlitePersonDirectory.open(preparedPath(url), keyring);
  const { personKeysPasswordFile: passwordFile, personKeysCaFile: caFile } = files;
  return openPostgresPersonDirectory(url, keyring, { passwordFile, caFile, onNotice });
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
