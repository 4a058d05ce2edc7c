import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { SystemClock } from '#libs/vocabulary';
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
import { importContradicted, importRecords } from '../../import-recorded.ts';
import type { RecordedEventImport } from '../../import-recorded.ts';
import { MAX_REMOVED_EVENTS, RemovalRefused } from '../../remove-contents.ts';
import type { ContentRemoval } from '../../remove-contents.ts';
import { isCount, parseRecordedEvent, readRecord, recordEvents, requireStreamName } from '../../recorded-event.ts';
import { faultOf, isBusy, SqliteFile } from './sqlite-file.ts';
import { SqliteWriter } from './sqlite-writer.ts';

export interface SqliteEventStoreOptions {
  readonly clock?: Clock;
  /** How long to wait for another process that holds the write lock. Default 5000. */
  readonly busyTimeoutMs?: number;
  /** How often subscriptions look for what other processes appended. Default 50. */
  readonly pollMs?: number;
  /** How long an append may take before its caller is told that the outcome is unknown. Default 30000. */
  readonly answerTimeoutMs?: number;
}

/** Events read in one go: about a millisecond of the main thread. */
const PAGE_EVENTS = 1000;
/**
 * 10 ms: a subscriber that has just read waits so long before it reads again, so that what many append meanwhile is read, and handled,
 * together. The first event after a quiet time is read at once.
 */
const BREATH_MS = 10;
/** Larger ones are fetched one by one, so that a page stays under 4 MiB whatever is in it. */
const MAX_BYTES_IN_PAGE = 4096;
const COLUMNS = `position, CASE WHEN length(bytes) <= ${MAX_BYTES_IN_PAGE} THEN CAST(bytes AS TEXT) END`;
const SELECT_STREAM = `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`;
const SELECT_LAST = 'SELECT max(revision) FROM events WHERE stream = ?';
const SELECT_ALL = `SELECT ${COLUMNS} FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`;
const SELECT_AT = `SELECT ${COLUMNS} FROM events WHERE position = ?`;
const SELECT_BYTES = 'SELECT bytes FROM events WHERE position = ?';
const SELECT_HEAD = 'SELECT max(position) FROM events';
/** Stands for bytes that are no UTF-8, or for itself: looked into before it is believed. */
const REPLACEMENT_CHARACTER = '\ufffd';

type Row = readonly [position: number, text: string | null];

/**
 * All events in one SQLite file (WAL, synchronous=FULL), which several processes may have open. One thread writes; reading
 * happens here, in short pages, and never holds a transaction open while someone else has the turn.
 */
export class SqliteEventStore extends EventStore implements RecordedEventImport, ContentRemoval {
  private readonly clock: Clock;
  private readonly writer: SqliteWriter;
  private readonly reader: SqliteFile;
  private readonly busyTimeoutMs: number;
  private readonly pollMs: number;
  private closing: Promise<void> | null = null;
  /** Counts the moments at which there may be more to read. */
  private changes = 0;
  private readonly sleepers = new Set<() => void>();
  private poll: NodeJS.Timeout | null = null;
  private headSeen = -1;

  private constructor(path: string, writer: SqliteWriter, options: Required<SqliteEventStoreOptions>) {
    super();
    this.writer = writer;
    // The main thread must not wait inside SQLite; see #read for how it waits instead.
    this.reader = new SqliteFile(path, 'ro', 0);
    this.clock = options.clock;
    this.busyTimeoutMs = options.busyTimeoutMs;
    this.pollMs = options.pollMs;
  }

  /** The directory must be there; the file is made, for its owner alone, unless there is one. @throws EventStoreUnavailable */
  static async open(
    path: string,
    {
      clock = new SystemClock(),
      busyTimeoutMs = 5000,
      pollMs = 50,
      answerTimeoutMs = 30_000,
    }: SqliteEventStoreOptions = {},
  ): Promise<SqliteEventStore> {
    const directory = await stat(dirname(path)).catch(() => null);
    if (!directory?.isDirectory()) {
      throw new EventStoreUnavailable(`${dirname(path)} is not a directory: make it, it is to hold the event store`);
    }
    try {
      const writer = await SqliteWriter.start({ path, busyTimeoutMs, answerTimeoutMs });
      return new SqliteEventStore(path, writer, { clock, busyTimeoutMs, pollMs, answerTimeoutMs });
    } catch (error) {
      if (!(error instanceof EventStoreUnavailable)) throw error;
      throw new EventStoreUnavailable(`${error.message} (${path})`, { cause: error.cause });
    }
  }

  override async append(
    stream: StreamName,
    expected: ExpectedRevision,
    events: readonly DomainEvent[],
  ): Promise<AppendResult> {
    const records = recordEvents(stream, expected, events, this.clock.now());
    this.requireOpen();
    const reply = await this.writer.request({
      kind: 'append',
      stream,
      expected: expected === 'NONE' ? -1 : expected,
      texts: records.map(({ text }) => text),
    });
    switch (reply.kind) {
      case 'appended':
        this.wake();
        return { revision: reply.revision, position: positionOf(reply.position) };
      case 'conflict':
        throw new RevisionConflict(stream, expected, reply.actual === -1 ? 'NONE' : reply.actual);
      default:
        throw new EventStoreUnavailable('the writer of the event store answered something else');
    }
  }

  /** One call is one transaction: all of it or nothing. */
  async importRecorded(events: readonly Pick<RecordedEvent, 'bytes'>[]): Promise<void> {
    const records = importRecords(events);
    this.requireOpen();
    const reply = await this.writer.request({
      kind: 'import',
      streams: records.map(({ stream }) => stream),
      revisions: records.map(({ revision }) => revision),
      texts: records.map(({ text }) => text),
    });
    switch (reply.kind) {
      case 'imported':
        return this.wake();
      case 'contradicted':
        throw importContradicted(reply.stream, reply.revision);
      case 'gap':
        throw new RevisionConflict(
          reply.stream as StreamName,
          reply.revision - 1,
          reply.actual === -1 ? 'NONE' : reply.actual,
        );
      default:
        throw new EventStoreUnavailable('the writer of the event store answered something else');
    }
  }

  /** One call is one transaction: all of it or nothing. */
  async removeContents(events: readonly Pick<RecordedEvent, 'id' | 'position'>[]): Promise<void> {
    if (events.length === 0 || events.length > MAX_REMOVED_EVENTS)
      throw new TypeError(`a removal takes 1 to ${MAX_REMOVED_EVENTS} events`);
    const positions = events.map(({ position }) => rowOf(position));
    this.requireOpen();
    const reply = await this.writer.request({ kind: 'remove', positions, ids: events.map(({ id }) => id) });
    if (reply.kind === 'differs') throw new RemovalRefused(positionOf(reply.position));
    if (reply.kind !== 'removed')
      throw new EventStoreUnavailable('the writer of the event store answered something else');
  }

  override async checkWritable(): Promise<void> {
    this.requireOpen();
    await this.writer.request({ kind: 'check' });
  }

  override async *readStream(
    stream: StreamName,
    { fromRevision = 0, maxCount = Number.MAX_SAFE_INTEGER }: ReadStreamOptions = {},
  ): AsyncIterable<RecordedEvent> {
    requireStreamName(stream);
    requireCount('fromRevision', fromRevision);
    requireCount('maxCount', maxCount);
    let next = fromRevision;
    let left = maxCount;
    while (left > 0) {
      const limit = Math.min(left, PAGE_EVENTS);
      const page = await this.rows(SELECT_STREAM, stream, next, limit);
      for (const row of page) {
        yield this.event(row);
        if (isLarge(row)) await nextTurn();
      }
      if (page.length < limit) return;
      next += page.length;
      left -= page.length;
      await nextTurn();
    }
  }

  override async lastRevision(stream: StreamName): Promise<number | null> {
    requireStreamName(stream);
    const [revision] = await this.read(
      () => this.reader.prepare(SELECT_LAST).get(stream) as unknown as [number | null],
    );
    return revision;
  }

  override async *readAll({
    after,
    maxCount = Number.MAX_SAFE_INTEGER,
  }: ReadAllOptions = {}): AsyncIterable<RecordedEvent> {
    requireCount('maxCount', maxCount);
    let last = rowOf(after);
    let left = maxCount;
    const head = await this.read(() => this.head());
    while (left > 0 && last < head) {
      const page = await this.rows(SELECT_ALL, last, head, Math.min(left, PAGE_EVENTS));
      for (const row of page) {
        yield this.event(row);
        if (isLarge(row)) await nextTurn();
      }
      last = page.at(-1)?.[0] ?? head;
      left -= page.length;
      await nextTurn();
    }
  }

  override async eventAt(position: Position): Promise<RecordedEvent | null> {
    const [row] = await this.rows(SELECT_AT, rowOf(position));
    return row === undefined ? null : this.event(row);
  }

  override async *subscribe({ after, signal, gatherMs = 0 }: SubscribeOptions): AsyncIterable<SubscriptionMessage> {
    let last = rowOf(after);
    let isAnnounced = false;
    let file: string | null = null;
    while (!signal.aborted) {
      const changes = this.changes; // taken before reading: what comes in meanwhile is not slept through
      const readAt = performance.now();
      const page = await this.rows(SELECT_ALL, last, Number.MAX_SAFE_INTEGER, PAGE_EVENTS);
      file ??= this.reader.identity;
      if (this.reader.identity !== file || (page.length === 0 && (await this.read(() => this.head())) < last)) {
        throw new EventStoreUnavailable('another event store, or an older copy, took the place of the file');
      }
      for (const row of page) {
        if (signal.aborted) return;
        yield { kind: 'event', event: this.event(row) };
        last = row[0];
        if (isLarge(row)) await nextTurn();
      }
      if (page.length === PAGE_EVENTS) {
        isAnnounced = false;
        await nextTurn();
      } else {
        if (!isAnnounced && !signal.aborted) yield { kind: 'caught-up' };
        isAnnounced = true;
        await this.changed(changes, signal);
        if (gatherMs > 0) await rested(gatherMs, signal);
        else await rested(BREATH_MS - (performance.now() - readAt), signal);
      }
    }
  }

  override close(): Promise<void> {
    this.closing ??= this.closeParts();
    return this.closing;
  }

  private async closeParts(): Promise<void> {
    this.wake(); // subscribers find the store closed
    this.reader.release(); // before the writer: who closes last tidies the file up, and that is not for the main thread
    await this.writer.close();
  }

  private requireOpen(): void {
    if (this.closing !== null) throw new EventStoreUnavailable('the event store is closed');
  }

  private event([position, text]: Row): RecordedEvent {
    if (text !== null && !text.includes(REPLACEMENT_CHARACTER)) return readRecord(text, positionOf(position));
    this.requireOpen();
    try {
      const [bytes] = this.reader.prepare(SELECT_BYTES).get(position) as unknown as [Uint8Array];
      return parseRecordedEvent(bytes, positionOf(position));
    } catch (error) {
      throw this.unavailable(error);
    }
  }

  private rows(sql: string, ...parameters: (string | number)[]): Promise<readonly Row[]> {
    return this.read(() => this.reader.prepare(sql).all(...parameters) as unknown as readonly Row[]);
  }

  /** Another process that recovers or tidies up the file locks it for a moment: waited for without stopping the thread. */
  private async read<Result>(read: () => Result): Promise<Result> {
    for (const giveUpAt = performance.now() + this.busyTimeoutMs; ; await sleep(5)) {
      this.requireOpen();
      try {
        return read();
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) throw this.unavailable(error);
      }
    }
  }

  private unavailable(error: unknown): EventStoreUnavailable {
    if (error instanceof EventStoreUnavailable) return error;
    if (!isBusy(error)) this.reader.release(); // opened anew by who reads next
    return new EventStoreUnavailable(faultOf(error).message, { cause: error });
  }

  private head(): number {
    const [position] = this.reader.prepare(SELECT_HEAD).get() as unknown as [number | null];
    return position ?? 0;
  }

  private wake(): void {
    this.changes++;
    for (const wake of [...this.sleepers]) wake();
  }

  /** Resolves when there may be more than was read at `changes`, or the signal aborts. */
  private async changed(changes: number, signal: AbortSignal): Promise<void> {
    if (this.changes !== changes || signal.aborted || this.closing !== null) return;
    this.poll ??= setInterval(() => this.lookForOthers(), this.pollMs);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.sleepers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
    if (this.sleepers.size === 0) {
      clearInterval(this.poll ?? undefined);
      this.poll = null;
    }
  }

  /** A few µs for all subscriptions together. */
  private lookForOthers(): void {
    try {
      const head = this.head();
      if (head === this.headSeen) return;
      this.headSeen = head;
      this.wake();
    } catch (error) {
      if (!isBusy(error)) this.wake(); // who subscribes reads, and meets the fault
    }
  }
}

async function rested(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** Fetching and parsing one takes as long as a page of others: whoever else waits gets a turn after it. */
function isLarge([, text]: Row): boolean {
  return text === null;
}

function positionOf(row: number): Position {
  return String(row) as Position;
}

/** @throws TypeError for what no SqliteEventStore has given as a position */
function rowOf(position: Position | undefined): number {
  if (position === undefined) return 0;
  if (!/^[1-9][0-9]{0,15}$/.test(position))
    throw new TypeError(`not a position of this store: ${JSON.stringify(position)}`);
  return Number(position);
}

function requireCount(name: string, value: number): void {
  if (!isCount(value)) throw new TypeError(`${name}: ${String(value)} is not a whole number from 0`);
}
