import { execSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '#libs/vocabulary';
import { EventStoreDbEventStore } from '../adapters/eventstoredb/eventstoredb-event-store.ts';
import { SqliteEventStore } from '../adapters/sqlite/sqlite-event-store.ts';
import type { EventStore, RecordedEvent } from '../event-store.ts';
import type { RecordedEventImport } from '../import-recorded.ts';
import { streamName } from '../recorded-event.ts';
import { EventStoreDbDouble } from './eventstoredb-double/double-server.ts';
import { startDoubleProcess } from './eventstoredb-double/start-double-process.ts';
import { openTemporarySqlite } from './open-temporary-sqlite.ts';
import type { OpenedStore } from './open-temporary-sqlite.ts';

/** An empty event store that whole processes are given by its address. */
export interface AddressedStore {
  /** As `SEGL_EVENT_STORE` has it. */
  readonly url: string;
  /** Another client of it, whose clock is the test's; who asks closes it. */
  client(clock?: Clock): Promise<EventStore>;
  /** Everything in it. */
  record(): Promise<readonly RecordedEvent[]>;
  remove(): Promise<void>;
}

export interface StoreOfTests {
  readonly store: 'SQLite' | 'EventStoreDB';
  /** Empty, opened in this process. */
  open(): Promise<OpenedStore<EventStore & RecordedEventImport>>;
  /**
   * Empty, for other processes.
   * @param directory where its file is to lie, if it has one, as `events.sqlite`; default: one of its own
   */
  serve(directory?: string): Promise<AddressedStore>;
}

export const SQLITE: StoreOfTests = { store: 'SQLite', open: () => openTemporarySqlite(), serve: serveSqlite };

/**
 * EventStoreDB is its protocol double, unless SEGL_TEST_EVENTSTORE names a real server; what is in that one is not removed, but
 * SEGL_TEST_EVENTSTORE_RENEW may be a command of the shell that empties it.
 */
export const EVENTSTOREDB: StoreOfTests = { store: 'EventStoreDB', open: openEventStoreDb, serve: serveEventStoreDb };

/** What a story is told over: `describe.each(EVENT_STORES)('… on $store', …)`. */
export const EVENT_STORES: readonly StoreOfTests[] = [SQLITE, EVENTSTOREDB];

async function serveSqlite(given?: string): Promise<AddressedStore> {
  const directory = given ?? (await mkdtemp(join(tmpdir(), 'segl-record-')));
  const path = join(directory, 'events.sqlite');
  const client = (clock?: Clock) => SqliteEventStore.open(path, clock && { clock });
  return {
    url: `sqlite:${path}`,
    client,
    record: () => everythingIn(client),
    remove: () => (given === undefined ? rm(directory, { recursive: true, force: true }) : Promise.resolve()),
  };
}

async function serveEventStoreDb(): Promise<AddressedStore> {
  const server = await realServer();
  const double = server === null ? await startDoubleProcess() : null;
  const url = server ?? double?.url ?? '';
  const client = (clock?: Clock) => EventStoreDbEventStore.open(url, clock && { clock });
  return {
    url,
    client,
    record: () => everythingIn(client),
    remove: async () => double?.stop(),
  };
}

async function openEventStoreDb(): Promise<OpenedStore<EventStoreDbEventStore>> {
  const server = await realServer();
  const double = server === null ? await EventStoreDbDouble.start() : null;
  const url = server ?? double?.url ?? '';
  const opened: EventStoreDbEventStore[] = [];
  const openAnother = async (): Promise<EventStoreDbEventStore> => {
    const store = await EventStoreDbEventStore.open(url);
    opened.push(store);
    return store;
  };
  return {
    store: await openAnother(),
    openAnother,
    async cleanUp() {
      await Promise.all(opened.map((store) => store.close()));
      await double?.stop();
    },
  };
}

/** The address of the server that the environment names, emptied where that says how; null where it names none. */
async function realServer(): Promise<string | null> {
  const { SEGL_TEST_EVENTSTORE: url, SEGL_TEST_EVENTSTORE_RENEW: renew } = process.env;
  if (url === undefined) return null;
  if (renew === undefined) return url;
  execSync(renew, { stdio: ['ignore', 'ignore', 'inherit'] });
  for (const deadline = Date.now() + 120_000; ; await sleep(100)) {
    const store = await EventStoreDbEventStore.open(url);
    try {
      await store.lastRevision(streamName('keys', 'keyring'));
      return url;
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('the server of SEGL_TEST_EVENTSTORE did not come back', { cause });
    } finally {
      await store.close();
    }
  }
}

async function everythingIn(open: () => Promise<EventStore>): Promise<readonly RecordedEvent[]> {
  const store = await open();
  try {
    return await Array.fromAsync(store.readAll());
  } finally {
    await store.close();
  }
}
