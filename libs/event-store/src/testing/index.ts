export { importContract } from './contract/import-contract.ts';
export { removalContract } from './contract/removal-contract.ts';
export { eventStoreContract } from './event-store-contract.ts';
export { EVENT_STORES, EVENTSTOREDB, SQLITE, type AddressedStore, type StoreOfTests } from './event-stores.ts';
export { given, type Decision } from './given.ts';
export { openTemporarySqlite, type OpenedStore, type TemporarySqlite } from './open-temporary-sqlite.ts';
export { EventStoreDbDouble, type AppendMischief, type DoubleOptions } from './eventstoredb-double/double-server.ts';
export { FaultyWire } from './eventstoredb-double/faulty-wire.ts';
