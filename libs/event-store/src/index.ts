export type { DomainEvent, Fold, Json } from './domain-event.ts';
export {
  AppendTooLarge,
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
export { decideAndAppend, readState, type DecideOptions, type Decided } from './decide-and-append.ts';
export { streamName } from './recorded-event.ts';
export { SqliteEventStore } from './adapters/sqlite/sqlite-event-store.ts';
export {
  ProjectionRunner,
  type Projection,
  type ProjectionStatus,
  type ReadModelDatabase,
} from './projection-runner.ts';
export { ReadModels } from './read-models.ts';
