import { BACKWARDS, END, NO_STREAM, START, WrongExpectedVersionError, binaryEvent } from '@eventstore/db-client';
import { newEventId, SystemClock } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import type { DomainEvent } from '../../domain-event.ts';
import { EventStore, EventStoreUnavailable, RevisionConflict } from '../../event-store.ts';
import type {
  AppendResult,
  ExpectedRevision,
  Position,
  ReadAllOptions,
  ReadStreamOptions,
  RecordedEvent,
  StreamName,
  SubscribeOptions,
  SubscriptionMessage,
} from '../../event-store.ts';
import { importRecords } from '../../import-recorded.ts';
import type { RecordedEventImport } from '../../import-recorded.ts';
import { isCount, recordEvents, requireStreamName } from '../../recorded-event.ts';
import type { EventRecord } from '../../recorded-event.ts';
import { Calls } from './calls.ts';
import type { CallLimits } from './calls.ts';
import { Cluster } from './cluster.ts';
import type { EventStoreNotice } from './cluster.ts';
import { GaveUp, isInvalidPosition, unavailable } from './faults.ts';
import { ForeignEvents } from './foreign-events.ts';
import { importRuns } from './import-runs.ts';
import { CAUGHT_UP, Inflow } from './inflow.ts';
import type { Resolved } from './inflow.ts';
import type { NodeClient } from './node-client.ts';
import { parseClusterUrl, readSecrets } from './settings.ts';
import {
  comparePositions,
  isSystemEvent,
  logPositionOf,
  ourEventOf,
  placeOf,
  positionOf,
  recordedEventOf,
} from './stored-event.ts';
import type { IsOurs, LogPosition } from './stored-event.ts';

export interface EventStoreDbOptions extends Partial<CallLimits> {
  readonly clock?: Clock;
  /** `user:password` on one line, readable by its owner alone. Wanted with TLS. Read again for every new client. */
  readonly credentialsFile?: string;
  /** PEM: the CA of the nodes' certificates, where it is none that Node trusts. Read again for every new client. */
  readonly caFile?: string;
  /** By stream and type. What cannot be read of others is passed over and counted; of ours it ends a read. Default: nobody's. */
  readonly isOurs?: IsOurs;
  /** What an operator may want to read in the log. Must not throw. */
  readonly onNotice?: (notice: EventStoreNotice) => void;
}

/** 2.5 s and 15 s: measured on a cluster of three whose leader was frozen (reference/eventstore.md §5). */
const DEFAULT_LIMITS: CallLimits = {
  appendMs: 2500,
  readMs: 5000,
  totalMs: 15_000,
  silenceMs: 5000,
  closeMs: 500,
};
/** A revision that no stream stands at: an append there is refused by the one who would write it, and writes nothing. */
const NEVER = BigInt(Number.MAX_SAFE_INTEGER);
/** Less than whoever asks for readiness waits (3 s): so that our reason is told, not theirs. */
const WRITE_CHECK_MS = 2500;

/**
 * All events in EventStoreDB (23.10, 24.x) or KurrentDB (25, 26): one node, or a cluster of three. The server must be Segl's own. One
 * of these for a process: it holds one connection, to the node that leads.
 */
export class EventStoreDbEventStore extends EventStore implements RecordedEventImport {
  private readonly calls: Calls;
  private readonly clock: Clock;
  private readonly notify: (notice: EventStoreNotice) => void;
  private readonly isOurs: IsOurs;
  private readonly foreign = new ForeignEvents();
  private closed: Promise<void> | null = null;

  private constructor(calls: Calls, clock: Clock, isOurs: IsOurs, notify: (notice: EventStoreNotice) => void) {
    super();
    this.calls = calls;
    this.isOurs = isOurs;
    this.clock = clock;
    this.notify = notify;
  }

  /**
   * Checks what the operator wrote. The server is first asked when there is something to ask: a process starts also while it is away.
   *
   * @param url  see parseClusterUrl; without credentials
   * @throws EventStoreMisconfigured
   */
  static async open(
    url: string,
    {
      clock = new SystemClock(),
      credentialsFile,
      caFile,
      isOurs = () => false,
      onNotice = () => undefined,
      ...limits
    }: EventStoreDbOptions = {},
  ): Promise<EventStoreDbEventStore> {
    const clusterUrl = parseClusterUrl(url);
    const files = { credentialsFile, caFile };
    const secrets = await readSecrets(files, clusterUrl);
    const calls = new Calls(new Cluster(clusterUrl, files, secrets, onNotice), { ...DEFAULT_LIMITS, ...limits });
    return new EventStoreDbEventStore(calls, clock, isOurs, onNotice);
  }

  override async append(
    stream: StreamName,
    expected: ExpectedRevision,
    events: readonly DomainEvent[],
  ): Promise<AppendResult> {
    return this.appendRecorded(stream, expected, recordEvents(stream, expected, events, this.clock.now()));
  }

  override async checkWritable(): Promise<void> {
    const nothing = [binaryEvent({ id: newEventId(), type: 'WriteCheck', data: Buffer.from('{}') })];
    try {
      await this.calls.answer(
        (client) => this.ask(client, 'segl-write-check' as StreamName, NEVER, nothing),
        isConflict,
        WRITE_CHECK_MS,
      );
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }

  override async *readStream(
    stream: StreamName,
    { fromRevision = 0, maxCount = Number.MAX_SAFE_INTEGER }: ReadStreamOptions = {},
  ): AsyncIterable<RecordedEvent> {
    requireStreamName(stream);
    requireCount('fromRevision', fromRevision);
    requireCount('maxCount', maxCount);
    let next = fromRevision;
    const end = Math.min(fromRevision + maxCount, Number.MAX_SAFE_INTEGER);
    if (next === end) return;
    const batches = this.calls.batches((client) =>
      client.readStream(stream, {
        fromRevision: BigInt(next),
        maxCount: end - next,
        credentials: client.credentials,
        requiresLeader: true,
      }),
    );
    for await (const batch of batches) {
      for (const resolved of batch) {
        const event = recordedEventOf(resolved);
        if (event.revision !== next) {
          throw new EventStoreUnavailable(
            `stream ${stream} lacks what was before revision ${event.revision}: restore EventStoreDB from a backup`,
          );
        }
        next++;
        yield event;
      }
      if (next === end) return;
    }
  }

  override async lastRevision(stream: StreamName): Promise<number | null> {
    requireStreamName(stream);
    const batches = this.calls.batches((client) =>
      client.readStream(stream, {
        direction: BACKWARDS,
        fromRevision: END,
        maxCount: 1,
        credentials: client.credentials,
        requiresLeader: true,
      }),
    );
    for await (const [last] of batches) if (last !== undefined) return recordedEventOf(last).revision;
    return null;
  }

  override async *readAll({
    after,
    maxCount = Number.MAX_SAFE_INTEGER,
  }: ReadAllOptions = {}): AsyncIterable<RecordedEvent> {
    requireCount('maxCount', maxCount);
    let last = after === undefined ? null : logPositionOf(after);
    let left = maxCount;
    this.calls.requireOpen();
    const head = left === 0 ? null : await this.calls.head();
    if (head === null || (last !== null && comparePositions(last, head) >= 0)) return;
    const batches = this.calls.batches((client) =>
      client.readAll({ fromPosition: last ?? START, credentials: client.credentials, requiresLeader: true }),
    );
    for await (const batch of batches) {
      for (const resolved of batch) {
        const place = requirePlace(placeOf(resolved));
        if (last !== null && comparePositions(place, last) <= 0) continue; // the server reads from a position on: that one included
        if (comparePositions(place, head) > 0) return;
        last = place;
        const event = this.ourEvent(resolved, place);
        if (event === null) continue;
        yield event;
        if (--left === 0) return;
      }
      if (last !== null && comparePositions(last, head) >= 0) return;
    }
    throw new EventStoreUnavailable('EventStoreDB ended a read before its end');
  }

  override async eventAt(position: Position): Promise<RecordedEvent | null> {
    const fromPosition = logPositionOf(position);
    const head = await this.calls.head();
    if (head === null || comparePositions(fromPosition, head) > 0) return null;
    const batches = this.calls.batches((client) =>
      client.readAll({ fromPosition, maxCount: 1, credentials: client.credentials, requiresLeader: true }),
    );
    try {
      for await (const [resolved] of batches) {
        if (resolved === undefined) return null;
        const place = requirePlace(placeOf(resolved));
        return comparePositions(place, fromPosition) === 0 ? this.ourEvent(resolved, place) : null;
      }
    } catch (error) {
      if (!isInvalidPosition(error)) throw error;
    }
    return null;
  }

  override foreignEvents(): number {
    return this.foreign.count;
  }

  override async *subscribe({ after, signal }: SubscribeOptions): AsyncIterable<SubscriptionMessage> {
    const last = after === undefined ? null : logPositionOf(after);
    if (signal.aborted) return;
    const client = await this.calls.leader();
    const inflow = new Inflow(
      client,
      client.subscribeToAll({ fromPosition: last ?? START, credentials: client.credentials }),
    );
    try {
      yield* this.follow(client, inflow, last, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.calls.requireOpen();
      // What we made of an answer ourselves says nothing against the connection: appends go on with it.
      if (!(error instanceof EventStoreUnavailable)) this.calls.giveUp(client, error);
      throw unavailable(error);
    } finally {
      inflow.close();
    }
  }

  /** @see RecordedEventImport: here one call is an append for each run of one stream's events, in order. */
  async importRecorded(events: readonly Pick<RecordedEvent, 'bytes'>[]): Promise<void> {
    const records = importRecords(events);
    this.calls.requireOpen();
    await importRuns(records, {
      append: (stream, expected, run) => this.appendRecorded(stream, expected, run),
      readStream: (stream, options) => this.readStream(stream, options),
    });
  }

  override close(): Promise<void> {
    this.closed ??= this.calls.close();
    return this.closed;
  }

  /** Null for what the server wrote for itself, and for other programs' events, which are counted. @throws DamagedRecord */
  private ourEvent(resolved: Resolved, place: LogPosition): RecordedEvent | null {
    if (isSystemEvent(resolved)) return null;
    const event = ourEventOf(resolved, this.isOurs);
    if (event === null && this.foreign.meet(place)) {
      const stream = resolved.event?.streamId ?? '';
      this.notify({ kind: 'foreign-event', message: `EventStoreDB holds events that Segl did not write: ${stream}` });
    }
    return event;
  }

  /** Ends when the signal aborts. @throws whatever ends it otherwise */
  private async *follow(
    client: NodeClient,
    inflow: Inflow,
    after: LogPosition | null,
    signal: AbortSignal,
  ): AsyncGenerator<SubscriptionMessage> {
    const ending = AbortSignal.any([signal, this.calls.closing]);
    let last = after;
    /** Where the log ended when it was last looked at in a silence: by the next look it must have come. */
    let owed: LogPosition | null = null;
    let isCaughtUp = false;
    while (!signal.aborted) {
      const batch = await inflow.next(this.calls.limits.silenceMs, ending, !isCaughtUp);
      if (signal.aborted) return;
      this.calls.requireOpen();
      if (batch === null) throw new GaveUp(`EventStoreDB at ${client.where} ended the subscription`);
      if (batch.length > 0) owed = null;
      else owed = await this.lookAround(client, last, owed);
      for (const message of batch) {
        if (signal.aborted) return;
        if (message === CAUGHT_UP) {
          isCaughtUp = true;
          yield { kind: 'caught-up' };
          continue;
        }
        const place = requirePlace(placeOf(message));
        if (last !== null && comparePositions(place, last) <= 0) continue;
        last = place;
        const event = this.ourEvent(message, place);
        if (event !== null) yield { kind: 'event', event };
      }
    }
  }

  /** A subscription that is silent although the log has grown is dead, whatever the connection says. @throws EventStoreUnavailable */
  private async lookAround(
    client: NodeClient,
    last: LogPosition | null,
    owed: LogPosition | null,
  ): Promise<LogPosition | null> {
    if (owed !== null && (last === null || comparePositions(last, owed) < 0)) {
      const message = `a subscription to EventStoreDB at ${client.where} was silent although there were events`;
      this.notify({ kind: 'silent-subscription', message });
      throw new EventStoreUnavailable(message); // the client is well: others go on with it
    }
    return this.calls.headAt(client);
  }

  private async appendRecorded(
    stream: StreamName,
    expected: ExpectedRevision,
    records: readonly EventRecord[],
  ): Promise<AppendResult> {
    const events = records.map(({ id, type, text }) => binaryEvent({ id, type, data: Buffer.from(text) }));
    const expectedRevision = expected === 'NONE' ? NO_STREAM : BigInt(expected);
    try {
      const { nextExpectedRevision, position } = await this.calls.answer(
        (client) => this.ask(client, stream, expectedRevision, events),
        isConflict,
      );
      const revision = Number(nextExpectedRevision);
      if (position !== undefined) return { revision, position: positionOf(position) };
      for await (const event of this.readStream(stream, { fromRevision: revision, maxCount: 1 })) {
        return { revision, position: event.position };
      }
      throw new EventStoreUnavailable(`EventStoreDB took an append to ${stream} and does not show it`);
    } catch (error) {
      if (!isConflict(error)) throw error;
      const actual = error.actualVersion === 'no_stream' ? 'NONE' : Number(error.actualVersion);
      throw new RevisionConflict(stream, expected, actual);
    }
  }

  /** With credentials in the call the client takes its unary path: with a deadline, and with nothing shared between calls. */
  private ask(
    client: NodeClient,
    stream: StreamName,
    expectedRevision: typeof NO_STREAM | bigint,
    events: ReturnType<typeof binaryEvent>[],
  ): ReturnType<NodeClient['appendToStream']> {
    const { appendMs } = this.calls.limits;
    const { credentials } = client;
    return client.within(
      appendMs,
      client.appendToStream(stream, events, {
        expectedRevision,
        credentials,
        deadline: appendMs,
        requiresLeader: true,
      }),
    );
  }
}

function isConflict(error: unknown): error is WrongExpectedVersionError {
  return error instanceof WrongExpectedVersionError;
}

function requirePlace(place: LogPosition | null): LogPosition {
  if (place === null)
    throw new EventStoreUnavailable('EventStoreDB does not say where it keeps an event: it must be 23.10 or newer');
  return place;
}

function requireCount(name: string, value: number): void {
  if (!isCount(value)) throw new TypeError(`${name}: ${String(value)} is not a whole number from 0`);
}
