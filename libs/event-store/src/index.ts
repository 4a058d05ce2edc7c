export type { DomainEvent, Fold, Json, Revised } from './domain-event.ts';
export {
  ADMINISTRATIVE,
  EVIDENCE,
  type Evidence,
  type Outcome,
  type PersonPart,
  type StreamDescriptor,
} from './event-descriptor.ts';
export { EventCatalogue, type DescribableEvent, type DescribedEvent } from './event-catalogue.ts';
export {
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
export { MAX_IMPORT_EVENTS, sizeInAppend, type RecordedEventImport } from './import-recorded.ts';
export { canRemoveContents, MAX_REMOVED_EVENTS, type ContentRemoval } from './remove-contents.ts';
export { CONTENT_REMOVED, isContentRemoved, leafOfRecord } from './record-leaf.ts';
export { appendFacts, decideAndAppend, readState, type ReadState } from './decide-and-append.ts';
export { parseRecordedEvent, recordEvents, streamName } from './recorded-event.ts';
export { SqliteEventStore } from './adapters/sqlite/sqlite-event-store.ts';
export { openEventStoreDb } from './adapters/eventstoredb/open.ts';

export { EventStoreMisconfigured } from './adapters/eventstoredb/settings.ts';
export { ProjectionRunner, type Projection } from './projection-runner.ts';
export { ReadModelsBusy, ReadModelThread } from './read-model-thread.ts';
export { ReadModels, type ReadModelDatabase, type SqlValue } from './read-models.ts';
export { passOver, projectionEvents, type ProjectionEvent } from './passed-over.ts';
