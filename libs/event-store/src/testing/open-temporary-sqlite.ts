import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventStore } from '../adapters/sqlite/sqlite-event-store.ts';
import type { SqliteEventStoreOptions } from '../adapters/sqlite/sqlite-event-store.ts';
import type { EventStore } from '../event-store.ts';

/** A store that a test may fill and break. */
export interface OpenedStore<Store extends EventStore = EventStore> {
  readonly store: Store;
  /** Opens the same data once more, as another process would. `cleanUp` closes it. */
  openAnother(): Promise<Store>;
  /** Closes what was opened and removes the data. */
  cleanUp(): Promise<void>;
}

export interface TemporarySqlite extends OpenedStore<SqliteEventStore> {
  readonly directory: string;
  openAnother(options?: SqliteEventStoreOptions): Promise<SqliteEventStore>;
  /** The file of the event store; what else a test needs may lie beside it. */
  readonly path: string;
}

export async function openTemporarySqlite(options?: SqliteEventStoreOptions): Promise<TemporarySqlite> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-events-'));
  const path = join(directory, 'events.sqlite');
  const opened: SqliteEventStore[] = [];
  const openAnother = async (others?: SqliteEventStoreOptions): Promise<SqliteEventStore> => {
    const store = await SqliteEventStore.open(path, { ...options, ...others });
    opened.push(store);
    return store;
  };
  return {
    directory,
    path,
    store: await openAnother(),
    openAnother,
    async cleanUp() {
      await Promise.all(opened.map((store) => store.close()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
