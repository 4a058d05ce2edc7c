import { EventStore, RevisionConflict } from '#libs/event-store';
import type {
  AppendResult,
  DomainEvent,
  ExpectedRevision,
  Position,
  ReadAllOptions,
  ReadStreamOptions,
  RecordedEvent,
  StreamName,
  SubscribeOptions,
  SubscriptionMessage,
} from '#libs/event-store';
import type { Metrics } from './metrics.ts';

/** An event store whose appends are timed and whose events are counted by type. All else is the store's own. */
export class TimedEventStore extends EventStore {
  constructor(
    private readonly store: EventStore,
    private readonly metrics: Metrics,
  ) {
    super();
  }

  override async append(
    stream: StreamName,
    expected: ExpectedRevision,
    events: readonly DomainEvent[],
  ): Promise<AppendResult> {
    const startedAt = performance.now();
    const observe = (outcome: 'appended' | 'conflict' | 'failed') =>
      this.metrics.observeAppend((performance.now() - startedAt) / 1000, outcome);
    try {
      const result = await this.store.append(stream, expected, events);
      observe('appended');
      for (const { type } of events) this.metrics.countEvent(type);
      return result;
    } catch (error) {
      observe(error instanceof RevisionConflict ? 'conflict' : 'failed');
      throw error;
    }
  }

  override readStream(stream: StreamName, options?: ReadStreamOptions): AsyncIterable<RecordedEvent> {
    return this.store.readStream(stream, options);
  }

  override lastRevision(stream: StreamName): Promise<number | null> {
    return this.store.lastRevision(stream);
  }

  override readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent> {
    return this.store.readAll(options);
  }

  override subscribe(options: SubscribeOptions): AsyncIterable<SubscriptionMessage> {
    return this.store.subscribe(options);
  }

  override eventAt(position: Position): Promise<RecordedEvent | null> {
    return this.store.eventAt(position);
  }

  override foreignEvents(): number {
    return this.store.foreignEvents();
  }

  override checkWritable(): Promise<void> {
    return this.store.checkWritable();
  }

  override close(): Promise<void> {
    return this.store.close();
  }
}
