export type { DomainEvent, Fold, Json, Revised } from './domain-event.ts';
export {
  EVIDENCE,
  type EventDescriptor,
  type Evidence,
  type Outcome,
  type PersonPart,
  type StreamDescriptor,
} from './event-descriptor.ts';
export {
  EventCatalogue,
  UnknownEvent,
  UnknownEventVersion,
  type AnyStreamDescriptor,
  type DescribableEvent,
  type DescribedEvent,
} from './event-catalogue.ts';
export {
  AppendTooLarge,
  DamagedRecord,
  EventStore,
  EventStoreUnavailable,
  MAX_APPEND_BYTES,
  RevisionConflict,
  type AppendResult,
  type ExpectedRevision,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type StreamName,
  type SubscribeOptions,
  type SubscriptionMessage,
} from './event-store.ts';
export {
  importContradicted,
  ImportRefused,
  importRecords,
  MAX_IMPORT_EVENTS,
  sizeInAppend,
  type ImportRecord,
  type RecordedEventImport,
} from './import-recorded.ts';
export {
  decideAndAppend,
  readState,
  TooMuchContention,
  type DecideOptions,
  type Decided,
} from './decide-and-append.ts';
export { parseRecordedEvent, recordEvents, streamName, type EventRecord } from './recorded-event.ts';
export { SqliteEventStore, type SqliteEventStoreOptions } from './adapters/sqlite/sqlite-event-store.ts';
export { openEventStoreDb } from './adapters/eventstoredb/open.ts';
export type { EventStoreDbOptions } from './adapters/eventstoredb/eventstoredb-event-store.ts';
export type { EventStoreNotice } from './adapters/eventstoredb/cluster.ts';
export { EventStoreMisconfigured } from './adapters/eventstoredb/settings.ts';
export {
  ProjectionRunner,
  ProjectionsBehind,
  type Projection,
  type ProjectionRunnerOptions,
  type ProjectionStatus,
} from './projection-runner.ts';
export { ReadModels, type ReadModelDatabase, type SqlValue } from './read-models.ts';
export { NothingToPassOver, passOver, projectionEvents } from './passed-over.ts';
export type { ProjectionStop } from './projection-stop.ts';
