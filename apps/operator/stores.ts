import { existsSync } from 'node:fs';
import type { EventStore } from '#libs/event-store';
import { SqliteEventStore } from '#libs/event-store';
import type { PersonDirectory } from '#libs/keyring';
import { Keyring, type KeyRequirement, SqlitePersonDirectory } from '#libs/keyring';
import { isMarked, type Places, sqliteFileOf } from './config.ts';
import { ConfigurationFault } from '../appliance/config.ts';
import { Unavailable } from './exit-codes.ts';

/** Opens what a command needs, and closes all of it in the reverse order when the command is over, however it ends. */
export class OpenedForCommand implements AsyncDisposable {
  private readonly places: Places;
  private readonly closings: (() => Promise<void> | void)[] = [];

  constructor(places: Places) {
    this.places = places;
  }

  /** @throws KeyringFault */
  async keyring(kinds: readonly KeyRequirement[]): Promise<Keyring> {
    const { keyring: directory, demonstration } = this.places;
    const keyring = await Keyring.open(directory, { demonstration, kinds, followIntervalMs: 500 });
    this.onEnd(() => keyring.close());
    return keyring;
  }

  /** Makes one only when told to: an empty one in the wrong place would answer every question wrongly. @throws Unavailable, EventStoreUnavailable */
  async eventStore({ make = false }: { make?: boolean } = {}): Promise<EventStore> {
    const path = this.pathOf('eventStore', 'event store', make);
    const store = await SqliteEventStore.open(path);
    this.onEnd(() => store.close());
    return store;
  }

  /** @throws Unavailable, PersonDirectoryUnavailable, KeyringFault */
  async persons({ keyring, make = false }: { keyring?: Keyring; make?: boolean } = {}): Promise<PersonDirectory> {
    const path = this.pathOf('personKeys', 'person directory', make);
    const keys = keyring ?? (await this.keyring(['person-wrapping', 'person-index']));
    const persons = await SqlitePersonDirectory.open(path, keys);
    this.onEnd(() => persons.close());
    return persons;
  }

  /** Whether there is a file to open. */
  has(place: 'eventStore' | 'personKeys'): boolean {
    return existsSync(sqliteFileOf(this.places[place]));
  }

  onEnd(close: () => Promise<void> | void): void {
    this.closings.push(close);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.closings.reverse()) await close();
  }

  private pathOf(place: 'eventStore' | 'personKeys', what: string, make: boolean): string {
    const { dataDir, keyring } = this.places;
    if (isMarked(dataDir) !== isMarked(keyring)) {
      throw new ConfigurationFault([
        `the keyring ${keyring} and the data in ${dataDir} do not belong together: one of them is a demonstration's`,
      ]);
    }
    const path = sqliteFileOf(this.places[place]);
    if (!make && !existsSync(path))
      throw new Unavailable(`there is no ${what} at ${path}: give --data-dir, or set SEGL_DATA_DIR`);
    return path;
  }
}
