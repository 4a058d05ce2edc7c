import type { EventId, Instant } from '#libs/vocabulary';
import { DomainError } from '#libs/vocabulary';
import type { DomainEvent } from './domain-event.ts';

/**
 * `<category>-<id>`, the category before the first hyphen: `message-…`, `passcodes-…`. Case-sensitive, 1 to 200 characters of
 * A–Z a–z 0–9 . _ -, never beginning with `$`.
 */
export type StreamName = string & { readonly __brand: 'StreamName' };

/** A place in the order of all events. Opaque: keep it, hand it back, never compute with it nor compare it. */
export type Position = string & { readonly __brand: 'Position' };

/** What the writer saw: no such stream yet, or the revision of its last event. There is no ANY: nothing here is written blindly. */
export type ExpectedRevision = 'NONE' | number;

/** An event as every store keeps it. `bytes` is the record itself; the other fields were read from it (see recorded-event.ts). */
export interface RecordedEvent<Event extends DomainEvent = DomainEvent> {
  readonly id: EventId;
  readonly stream: StreamName;
  /** 0 for the first event of a stream, then dense. */
  readonly revision: number;
  readonly type: Event['type'];
  /** Of the shape of `data`; CONTENT_REMOVED (0) where retention left the leaf alone: `data` is then empty. */
  readonly version: number;
  /** When the bytes were made. Never order by it. */
  readonly time: Instant;
  readonly data: Event['data'];
  /**
   * RFC 8785 (JCS) bytes of {data, id, revision, stream, time, type}, and version from 2 on: made once, kept unchanged by every store, until
   * retention puts the leaf that follows from them in their place (record-leaf.ts).
   */
  readonly bytes: Uint8Array;
  readonly position: Position;
}

export interface AppendResult {
  /** Revision of the last event that was appended (or had been, when the append was a repetition). */
  readonly revision: number;
  /** Position of that event. */
  readonly position: Position;
}

export interface ReadStreamOptions {
  /** Inclusive; default 0. Past the end reads nothing. */
  readonly fromRevision?: number;
  /** Default: to the end. */
  readonly maxCount?: number;
}

export interface ReadAllOptions {
  /** Exclusive; absent reads from the beginning. Only positions that this store gave are valid. */
  readonly after?: Position | undefined;
  readonly maxCount?: number;
}

export interface SubscribeOptions {
  /** Exclusive; absent subscribes from the beginning. */
  readonly after?: Position | undefined;
  /** Ends the iteration, soon and without an error. */
  readonly signal: AbortSignal;
  /**
   * How long a store may wait after an append, in milliseconds, so that what comes meanwhile is delivered, and handled, together. History is
   * delivered without waiting. Default 0.
   */
  readonly gatherMs?: number | undefined;
}

/** `caught-up` comes once all history is delivered, and again after each time the subscriber had fallen behind. */
export type SubscriptionMessage =
  { readonly kind: 'event'; readonly event: RecordedEvent } | { readonly kind: 'caught-up' };

/** 1 MiB less what a server adds itself (EventStoreDB: MaxAppendSize), summed over the events of one append. */
export const MAX_APPEND_BYTES = 1024 * 1024 - 16 * 1024;

/**
 * Streams of events, and all of them in one order. An append is atomic, durable when its promise resolves, and serialised
 * with every other append to its stream over all processes on the store. Every adapter passes `eventStoreContract`.
 */
export abstract class EventStore {
  /**
   * Appends 1 or more events when the stream stands exactly at `expected`.
   *
   * Idempotent by event id: when the stream has moved past `expected` and the events right behind `expected` have the very
   * ids given (all of them, or a prefix of what is there), the append has happened before and is answered as it was.
   * So after `EventStoreUnavailable` the same events may be appended again at the same revision.
   *
   * @throws RevisionConflict  the stream stands elsewhere; nothing was written
   * @throws AppendTooLarge    over MAX_APPEND_BYTES; nothing was written
   * @throws TypeError         no events, an invalid stream name or id, the same id twice, or data that JSON cannot hold without loss
   * @throws EventStoreUnavailable  the outcome may be unknown
   */
  abstract append(
    stream: StreamName,
    expected: ExpectedRevision,
    events: readonly DomainEvent[],
  ): Promise<AppendResult>;

  /** In the order of revisions. A stream that does not exist reads as empty. @throws EventStoreUnavailable */
  abstract readStream(stream: StreamName, options?: ReadStreamOptions): AsyncIterable<RecordedEvent>;

  /** Of the newest event of a stream; null where there is no such stream. Costs the same however long it is. @throws EventStoreUnavailable */
  abstract lastRevision(stream: StreamName): Promise<number | null>;

  /** In the one order of all events, as far as it reaches when the iteration begins. @throws EventStoreUnavailable */
  abstract readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>;

  /**
   * Every event after a position, then those to come, of whichever process, without gap or doubling, until the signal aborts.
   * Ends with EventStoreUnavailable when the store goes away: who subscribes, resubscribes from the last position handled.
   */
  abstract subscribe(options: SubscribeOptions): AsyncIterable<SubscriptionMessage>;

  /**
   * The event that stands at a position now; null where none stands. After a restore from an older backup another event may stand
   * where one was read before: whoever keeps a position keeps that event's id with it, and asks.
   *
   * @throws TypeError for what no store of this kind gives as a position; DamagedRecord; EventStoreUnavailable
   */
  abstract eventAt(position: Position): Promise<RecordedEvent | null>;

  /** Events of other programs that this process has met in the log and passed over. */
  foreignEvents(): number {
    return 0;
  }

  /**
   * Whether an append would be taken now: used by /readyz. Writes nothing to any stream.
   * @throws EventStoreUnavailable with a reason that an operator can act on
   */
  abstract checkWritable(): Promise<void>;

  /** Waits for what is under way, then lets go of files and threads. May be called twice; whatever comes after throws EventStoreUnavailable. */
  abstract close(): Promise<void>;
}

/** The stream stands elsewhere than expected: read again, decide again. */
export class RevisionConflict extends DomainError {
  readonly expected: ExpectedRevision;
  readonly actual: ExpectedRevision;

  constructor(stream: StreamName, expected: ExpectedRevision, actual: ExpectedRevision) {
    super('revision-conflict', `stream ${stream} stands at ${actual}, not at ${expected}`);
    this.expected = expected;
    this.actual = actual;
  }
}

export class AppendTooLarge extends DomainError {
  constructor(bytes: number) {
    super('append-too-large', `an append of ${bytes} bytes is over the limit of ${MAX_APPEND_BYTES}`);
  }
}

/** The store does not answer, is full, read-only or closed. The cause is kept; the message is for operators. */
export class EventStoreUnavailable extends DomainError {
  constructor(reason: string, options?: ErrorOptions) {
    super('event-store-unavailable', reason, options);
  }
}

/** What stands at this position cannot be read as a record, or is not the one that the store says it is. */
export class DamagedRecord extends EventStoreUnavailable {
  readonly position: Position;

  constructor(position: Position, words: string, options?: ErrorOptions) {
    super(words, options);
    this.position = position;
  }
}
