import { existsSync } from 'node:fs';
import type { EphemeralStore } from '#libs/ephemeral-store';
import type { EventStore } from '#libs/event-store';
import {
  Closing,
  ConfigurationFault,
  isEmbedded,
  isOfDemonstration,
  openEphemeralStore,
  openEventStore,
  openPersonDirectory,
  sqlitePath,
} from '#libs/installation';
import type { Places, Settings, StorePlace } from '#libs/installation';
import type { KeyKind, KeyRequirement, PersonDirectory } from '#libs/keyring';
import { Keyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import { Unavailable } from './exit-codes.ts';

/** Opens what a command needs, and closes all of it in the reverse order when the command is over, however it ends. */
export class OpenedForCommand implements AsyncDisposable {
  private readonly closing = new Closing();

  constructor(private readonly places: Places) {}

  /** @throws KeyringFault */
  async keyring(kinds: readonly KeyRequirement[], kindsIfThere: readonly KeyKind[] = []): Promise<Keyring> {
    const { keyring: directory, demonstration } = this.places;
    const keyring = await Keyring.open(directory, { demonstration, kinds, kindsIfThere, followIntervalMs: 500 });
    this.onEnd(() => keyring.close());
    return keyring;
  }

  /** Makes one only when asked to: an empty one in the wrong place would answer every question wrongly. @throws Unavailable, EventStoreUnavailable */
  async eventStore({ make = false }: { make?: boolean } = {}): Promise<EventStore> {
    const store = await openEventStore(this.placeOf('eventStore', 'event store', make), new SystemClock());
    this.onEnd(() => store.close());
    return store;
  }

  /** @throws Unavailable, PersonDirectoryUnavailable, KeyringFault */
  async persons({ keyring, make = false }: { keyring?: Keyring; make?: boolean } = {}): Promise<PersonDirectory> {
    const place = this.placeOf('personKeys', 'person directory', make);
    const keys = keyring ?? (await this.keyring(['person-wrapping', 'person-index']));
    const persons = await openPersonDirectory(place, keys);
    this.onEnd(() => persons.close());
    return persons;
  }

  /** What the processes of this configuration share. @throws EphemeralStoreUnavailable, KeyringFault, ConfigurationFault */
  async ephemeralStore(settings: Settings): Promise<EphemeralStore> {
    const place = { url: settings.ephemeralStore, files: settings.stores, onNotice: () => undefined };
    const keyring = await this.keyring(['ephemeral']);
    const store = await openEphemeralStore(place, {
      maxBytes: settings.portal.ephemeralMaxBytes,
      keyring,
      vouchedFor: settings.stores.ephemeralVouchedFor ?? [],
    });
    this.onEnd(() => store.close());
    return store;
  }

  /** Whether there is something to open: a file, or a server, which is asked when it is opened. */
  has(place: 'eventStore' | 'personKeys'): boolean {
    const url = this.places[place];
    return !isEmbedded(place, url) || existsSync(sqlitePath(url));
  }

  /** Whether it is on a server. */
  isElsewhere(place: 'eventStore' | 'personKeys'): boolean {
    return !isEmbedded(place, this.places[place]);
  }

  onEnd(close: () => Promise<void> | void): void {
    this.closing.add(this, close);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closing.close();
  }

  private placeOf(place: 'eventStore' | 'personKeys', what: string, make: boolean): StorePlace {
    const { dataDir, keyring, stores: files } = this.places;
    const url = this.places[place];
    // Said by the error that ends the command, if it ends so.
    const onNotice = () => undefined;
    if (!isEmbedded(place, url)) {
      if (isOfDemonstration(keyring)) {
        throw new ConfigurationFault([
          `the keyring ${keyring} is a demonstration's, and a demonstration keeps no ${what} on a server`,
        ]);
      }
      return { url, files, onNotice };
    }
    if (isOfDemonstration(dataDir) !== isOfDemonstration(keyring)) {
      throw new ConfigurationFault([
        `the keyring ${keyring} and the data in ${dataDir} do not belong together: one of them is a demonstration's`,
      ]);
    }
    const path = sqlitePath(url);
    if (!make && !existsSync(path))
      throw new Unavailable(`there is no ${what} at ${path}: give --data-dir, or set SEGL_DATA_DIR`);
    return { url, files, onNotice };
  }
}
