import { Worker } from 'node:worker_threads';
import { EventStoreUnavailable } from '../../event-store.ts';
import type { AppendRequest, CheckRequest, WriteReply, WriteRequest } from './append-group.ts';
import { packRequests, unpackReplies } from './crossing.ts';
import type { PackedReplies } from './crossing.ts';
import type { ImportRequest } from './import-group.ts';
import type { RemoveRequest } from './remove-group.ts';
import type { WriterInbox, WriterOutbox, WriterStart } from './sqlite-writer-worker.ts';

export interface WriterOptions {
  readonly path: string;
  readonly busyTimeoutMs: number;
  /** After this long without an answer the caller is told that the outcome is unknown. */
  readonly answerTimeoutMs: number;
}

/** So many cross at once, however many one tick asks for: the two threads then work side by side. */
const HAND_OVER_REQUESTS = 16;

type Answered = Exclude<WriteReply, { kind: 'failed' }>;
type Unnumbered =
  Omit<AppendRequest, 'seq'> | Omit<CheckRequest, 'seq'> | Omit<ImportRequest, 'seq'> | Omit<RemoveRequest, 'seq'>;

interface Waiting {
  readonly resolve: (reply: Answered) => void;
  readonly reject: (error: EventStoreUnavailable) => void;
  readonly deadline: number;
}

/** The main thread's half of the writer: hands requests over, gives the answers out, starts a new thread after one died. */
export class SqliteWriter {
  private readonly options: WriterOptions;
  private worker: Worker | null = null;
  private starting: Promise<Worker> | null = null;
  private seq = 0;
  private outgoing: WriteRequest[] = [];
  private readonly waiting = new Map<number, Waiting>();
  private deadlines: NodeJS.Timeout | null = null;
  private isClosing = false;

  private constructor(options: WriterOptions) {
    this.options = options;
  }

  /** Makes the file unless there is one. @throws EventStoreUnavailable */
  static async start(options: WriterOptions): Promise<SqliteWriter> {
    const writer = new SqliteWriter(options);
    await writer.start(true);
    return writer;
  }

  /** Resolves once the request is answered and what it wrote is on the disk. @throws EventStoreUnavailable */
  async request(request: Unnumbered): Promise<Answered> {
    if (this.worker === null) await this.start(false);
    return await new Promise<Answered>((resolve, reject) => {
      const seq = ++this.seq;
      this.waiting.set(seq, { resolve, reject, deadline: performance.now() + this.options.answerTimeoutMs });
      this.outgoing.push({ ...request, seq });
      if (this.outgoing.length === 1)
        queueMicrotask(() => this.handOver()); // what one tick asks for crosses together
      else if (this.outgoing.length === HAND_OVER_REQUESTS) this.handOver(); // the thread decides these while more is asked for
      if (this.waiting.size === 1) this.keepAlive();
    });
  }

  /** Waits for what is under way, then ends the thread. */
  async close(): Promise<void> {
    const worker = this.worker ?? (await this.starting?.catch(() => null)) ?? null;
    if (worker === null) return;
    this.handOver();
    this.isClosing = true;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.ref();
    worker.postMessage('close' satisfies WriterInbox);
    await exited;
    clearInterval(this.deadlines ?? undefined);
    this.deadlines = null;
  }

  private handOver(): void {
    const requests = this.outgoing;
    if (requests.length === 0) return;
    this.outgoing = [];
    this.worker?.postMessage({ requests: packRequests(requests) } satisfies WriterInbox);
  }

  private start(mayCreate: boolean): Promise<Worker> {
    this.starting ??= this.startWorker(mayCreate).finally(() => (this.starting = null));
    return this.starting;
  }

  private async startWorker(mayCreate: boolean): Promise<Worker> {
    const { path, busyTimeoutMs } = this.options;
    const name = import.meta.url.endsWith('.ts') ? './sqlite-writer-worker.ts' : './sqlite-writer-worker.js';
    const workerData: WriterStart = { path, busyTimeoutMs, mayCreate };
    const worker = new Worker(new URL(name, import.meta.url), { workerData, name: 'event-store-writer' });
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (message: WriterOutbox) => {
        if (message.kind === 'replies') this.answer(message.replies);
        else if (message.kind === 'started') resolve();
        else reject(unavailable(message));
      });
      const died = (cause?: unknown): void => {
        this.died(worker, cause);
        reject(new EventStoreUnavailable('the writer of the event store did not start', { cause }));
      };
      worker.on('error', died);
      worker.on('exit', () => died());
    });
    this.worker = worker;
    this.keepAlive();
    return worker;
  }

  private answer(replies: PackedReplies): void {
    for (const reply of unpackReplies(replies)) {
      const waiting = this.waiting.get(reply.seq);
      this.waiting.delete(reply.seq);
      if (reply.kind === 'failed') waiting?.reject(unavailable(reply));
      else waiting?.resolve(reply);
    }
    this.keepAlive();
  }

  private died(worker: Worker, cause: unknown): void {
    if (this.worker !== worker) return;
    this.worker = null;
    this.outgoing = [];
    const error = new EventStoreUnavailable(
      'the writer of the event store stopped; what it was writing may be stored',
      {
        cause,
      },
    );
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    this.keepAlive();
  }

  /** The thread holds the process only while someone waits for it, or for its end; meanwhile no one waits for ever. */
  private keepAlive(): void {
    if (this.waiting.size === 0) {
      if (!this.isClosing) this.worker?.unref();
      return;
    }
    this.worker?.ref();
    this.deadlines ??= setInterval(() => this.rejectLate(), Math.min(1000, this.options.answerTimeoutMs)).unref();
  }

  private rejectLate(): void {
    if (this.waiting.size === 0) {
      clearInterval(this.deadlines ?? undefined);
      this.deadlines = null;
    }
    const now = performance.now();
    for (const [seq, { deadline, reject }] of this.waiting) {
      if (deadline > now) break; // in the order of asking, all with the same limit
      this.waiting.delete(seq);
      reject(
        new EventStoreUnavailable(
          `the disk did not answer within ${this.options.answerTimeoutMs / 1000} s; what was being written may be stored`,
        ),
      );
    }
    this.keepAlive();
  }
}

function unavailable({ words, detail }: { words: string; detail: string }): EventStoreUnavailable {
  return new EventStoreUnavailable(words, { cause: new Error(detail) });
}
