import { types } from 'node:util';
import { Worker } from 'node:worker_threads';
import { DomainError } from '#libs/vocabulary';
import { decodeText } from '../syntax/charsets.ts';
import type { TrustedAuthorities } from './envelopes/smime-trust.ts';
import { NO_OUTLINE } from './outline/mail-outline.ts';
import type { MailOutline } from './outline/mail-outline.ts';
import { READING_LIMITS } from './reading-limits.ts';
import type { ReadingLimits } from './reading-limits.ts';
import type { ReadableMail, ReadingNote } from './readable-mail.ts';
import type { ReadingJob, ReadingReport, ReadingThreadData } from './reading-thread.ts';

/** Too many mails wait to be read: nothing is wrong with this one, try again shortly. */
export class ReadingBusy extends DomainError {
  constructor() {
    super('reading-busy', 'too many mails are waiting to be read');
  }
}

/** The reader was closed, or its threads cannot be started. */
export class ReadingUnavailable extends DomainError {
  constructor(cause?: unknown) {
    super('reading-unavailable', 'mails cannot be read at the moment', { cause });
  }
}

export interface AttachmentContent {
  readonly filename: string;
  readonly content: Buffer;
}

/** Kept of each mail until it is read, for the case that its reading must be stopped before anything came of it. */
const SOURCE_KEPT = 64 * 1024;
/** Between asking a new thread to start and hearing from it, in milliseconds. */
const START_MS = 30_000;
/** For a thread to say how much processor time it used, in milliseconds. */
const ANSWER_MS = 250;

type Outcome =
  | { readonly mail: ReadableMail }
  | { readonly found: readonly (AttachmentContent | null)[] }
  | { readonly outline: MailOutline }
  | { readonly inert: Buffer | null };

interface Waiting {
  readonly job: ReadingJob;
  readonly source: Buffer;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
  parsed: ReadableMail | null;
}

/**
 * Reads mails in threads that can be killed, never on the caller's. A mail that takes too long or too much memory costs its thread
 * and is shown as text; the next mail gets a new thread. Nothing of a mail is kept past its answer.
 */
export class MailReader {
  private readonly limits: ReadingLimits;
  private readonly queue: Waiting[] = [];
  private readonly threads = new Set<ReadingThread>();
  private readonly authorities: TrustedAuthorities;
  private isClosed = false;

  /** @param authorities PEM; whose word is taken for the signers of S/MIME */
  constructor(limits: Partial<ReadingLimits> = {}, authorities: TrustedAuthorities = []) {
    this.authorities = authorities;
    this.limits = { ...READING_LIMITS, ...limits };
  }

  /**
   * Never rejects for what is in the mail: what cannot be parsed comes as text with a note.
   * @param mail handed over: its memory is moved to the thread where it can be, so the caller must not use it again.
   * @throws ReadingBusy, ReadingUnavailable
   */
  async read(mail: Buffer): Promise<ReadableMail> {
    const outcome = await this.run(mail, (bytes) => ({ kind: 'read', mail: bytes, limits: this.limits }));
    return 'mail' in outcome ? outcome.mail : unreadable(Buffer.alloc(0));
  }

  /**
   * One part, decoded, by the index under which `read` listed it. Same bytes, same index. The mail is handed over as to `read`.
   * @returns null where there is no such part, or where it could not be cut out within the limits.
   * @throws ReadingBusy, ReadingUnavailable
   */
  async attachment(mail: Buffer, index: number): Promise<AttachmentContent | null> {
    const [found = null] = await this.attachments(mail, [index]);
    return found;
  }

  /** As `attachment`, for several: the mail is taken apart once. */
  async attachments(mail: Buffer, indexes: readonly number[]): Promise<readonly (AttachmentContent | null)[]> {
    const job = { kind: 'attachments', limits: this.limits, indexes } as const;
    const outcome = await this.run(mail, (bytes) => ({ ...job, mail: bytes }));
    return 'found' in outcome ? outcome.found : indexes.map(() => null);
  }

  /**
   * Which files a mail has, and its words, for a policy to look at. Of a mail that cannot be taken apart within the limits nothing
   * counts as searched. The mail is handed over as to `read`.
   * @throws ReadingBusy, ReadingUnavailable
   */
  async outline(mail: Buffer): Promise<MailOutline> {
    const outcome = await this.run(mail, (bytes) => ({ kind: 'outline', mail: bytes, limits: this.limits }));
    return 'outline' in outcome ? outcome.outline : NO_OUTLINE;
  }

  /**
   * A PDF file as one that only shows: without scripts, actions, links or forms. The file is handed over as a mail is to `read`.
   * @returns null for what is damaged, encrypted, or too much for the limits.
   * @throws ReadingBusy, ReadingUnavailable
   */
  async inertPdf(file: Buffer): Promise<Buffer | null> {
    const outcome = await this.run(file, (bytes) => ({ kind: 'inert-pdf', mail: bytes, limits: this.limits }));
    return 'inert' in outcome ? outcome.inert : null;
  }

  /** Starts the threads that would otherwise start with the first mails. */
  warmUp(): void {
    while (!this.isClosed && this.threads.size < this.limits.workers) this.addThread();
  }

  /** Stops every thread; mails that wait are refused with ReadingUnavailable. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const { reject } of this.queue.splice(0)) reject(new ReadingUnavailable());
    await Promise.all([...this.threads].map((thread) => thread.stop()));
  }

  private run(mail: Buffer, jobFor: (bytes: Uint8Array) => ReadingJob): Promise<Outcome> {
    if (this.isClosed) return Promise.reject(new ReadingUnavailable());
    if (this.queue.length >= this.limits.queue) return Promise.reject(new ReadingBusy());
    const source = Buffer.from(mail.subarray(0, SOURCE_KEPT));
    return new Promise((resolve, reject) => {
      this.queue.push({ job: jobFor(ownMemory(mail)), source, resolve, reject, parsed: null });
      this.handOut();
    });
  }

  private handOut(): void {
    while (this.queue.length > 0) {
      const idle = [...this.threads].find((thread) => thread.isIdle);
      if (!idle && this.threads.size >= this.limits.workers) return;
      const next = this.queue.shift();
      if (next) (idle ?? this.addThread()).take(next);
    }
  }

  private addThread(): ReadingThread {
    const thread = new ReadingThread(this.limits, this.authorities, {
      idle: () => this.handOut(),
      gone: (isWorn) => {
        this.threads.delete(thread);
        if (this.isClosed) return;
        if (isWorn) this.addThread(); // the next reader waits for no thread to start
        this.handOut();
      },
    });
    this.threads.add(thread);
    return thread;
  }
}

interface ThreadEvents {
  idle(): void;
  /** @param isWorn it ended because it had read, and not because of what it read */
  gone(isWorn: boolean): void;
}

/** One worker and the mail it has; dies with it at the latest. */
class ReadingThread {
  private readonly worker: Worker;
  private readonly limits: ReadingLimits;
  private readonly on: ThreadEvents;
  private readonly exited: Promise<void>;
  private current: Waiting | null = null;
  private timer: NodeJS.Timeout | undefined;
  private phase: object | null = null;
  private isReady = false;
  /** Processor time, as it said last. */
  private usedMs = 0;
  private isDoomed = false;
  private mails = 0;
  private isWorn = false;

  constructor(limits: ReadingLimits, authorities: TrustedAuthorities, on: ThreadEvents) {
    this.limits = limits;
    this.on = on;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.worker = new Worker(new URL(`./reading-worker.${extension}`, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: limits.heapMiB, maxYoungGenerationSizeMb: 8, stackSizeMb: 4 },
      execArgv: ['--no-warnings', ...(extension === 'ts' ? ['--conditions=segl-source'] : [])], // rooms as sources, too
      workerData: { authorities } satisfies ReadingThreadData,
      env: {}, // a mail that found a way out of the sanitiser would find no configuration here
      stdout: true,
      stderr: true,
    });
    this.worker.unref();
    this.worker.on('message', (report: ReadingReport) => this.hear(report));
    this.worker.on('error', (error) => this.fail(error));
    this.exited = new Promise((resolve) => {
      this.worker.once('exit', () => {
        this.fail(new Error('the thread ended'));
        this.on.gone(this.isWorn);
        resolve();
      });
    });
  }

  get isIdle(): boolean {
    return this.current === null && !this.isDoomed;
  }

  take(waiting: Waiting): void {
    clearTimeout(this.timer);
    this.current = waiting;
    this.mails += 1;
    this.worker.ref();
    const { mail } = waiting.job;
    this.worker.postMessage(waiting.job, [mail.buffer as ArrayBuffer]);
    if (this.isReady) this.allow(this.limits.parseMs);
    else this.timer = setTimeout(() => this.fail(new Error('did not start')), START_MS);
  }

  async stop(): Promise<void> {
    this.isDoomed = true;
    this.phase = null;
    clearTimeout(this.timer);
    const { current } = this;
    this.current = null;
    current?.reject(new ReadingUnavailable());
    await this.worker.terminate();
    await this.exited;
  }

  private hear(report: ReadingReport): void {
    this.usedMs = report.usedMs;
    if (report.kind === 'ready') {
      this.isReady = true;
      if (this.current) this.allow(this.limits.parseMs);
      return;
    }
    const { current } = this;
    if (!current) return;
    switch (report.kind) {
      case 'parsed':
        current.parsed = report.mail;
        return this.allow(this.limits.parseMs);
      case 'sanitising':
        return this.allow(this.limits.htmlMs);
      case 'read':
        return this.finish(current, { mail: report.mail });
      case 'attachments':
        return this.finish(current, {
          found: report.found.map((each) => each && { filename: each.filename, content: bufferOver(each.content) }),
        });
      case 'outlined':
        return this.finish(current, { outline: report.outline });
      case 'inert-pdf':
        return this.finish(current, { inert: bufferOver(report.content) });
      case 'failed':
        return this.finish(current, fallback(current));
    }
  }

  /**
   * Counted in the thread's own processor time, so that a busy machine does not make harmless mails look slow; on the clock it may
   * take three times as long.
   */
  private allow(milliseconds: number): void {
    clearTimeout(this.timer);
    const phase = { endsBy: performance.now() + 3 * milliseconds, usedBefore: this.usedMs };
    this.phase = phase;
    const judge = async (): Promise<void> => {
      const now = await this.processorMs();
      if (this.phase !== phase) return;
      const left = now === null ? 0 : milliseconds - (now - phase.usedBefore);
      if (left <= 0 || performance.now() >= phase.endsBy) return this.fail(new Error('too slow'));
      this.timer = setTimeout(() => void judge(), Math.max(10, Math.min(left, phase.endsBy - performance.now())));
    };
    this.timer = setTimeout(() => void judge(), milliseconds);
  }

  /** Null for a thread that does not answer, not even between two steps of its own. */
  private async processorMs(): Promise<number | null> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<null>((resolve) => (timer = setTimeout(resolve, ANSWER_MS, null)));
    const answer = this.worker.cpuUsage().then(({ user, system }) => (user + system) / 1000);
    return await Promise.race([answer.catch(() => null), patience]).finally(() => clearTimeout(timer));
  }

  private finish(current: Waiting, outcome: Outcome): void {
    clearTimeout(this.timer);
    this.phase = null;
    this.current = null;
    this.worker.unref();
    if (this.mails >= this.limits.mailsOfWorker) this.end();
    else this.endWhenIdle();
    current.resolve(outcome);
    this.on.idle();
  }

  /** Strings of a mail cannot be wiped: they go with the memory of the thread that made them. */
  private endWhenIdle(): void {
    this.timer = setTimeout(() => this.end(), this.limits.idleMs).unref();
  }

  private end(): void {
    this.isWorn = true;
    this.isDoomed = true;
    clearTimeout(this.timer);
    void this.worker.terminate();
  }

  /** Its mail is answered with what there is of it; a thread that never came up is the machine's fault and said to be. */
  private fail(error: Error): void {
    if (this.isDoomed) return;
    this.isDoomed = true;
    this.phase = null;
    clearTimeout(this.timer);
    const { current } = this;
    this.current = null;
    if (current && this.isReady) current.resolve(fallback(current));
    else current?.reject(new ReadingUnavailable(error));
    void this.worker.terminate();
  }
}

function fallback({ job, parsed, source }: Waiting): Outcome {
  if (job.kind === 'outline') return { outline: NO_OUTLINE };
  if (job.kind === 'attachments') return { found: job.indexes.map(() => null) };
  if (job.kind === 'inert-pdf') return { inert: null };
  return { mail: parsed ? stoppedInHtml(parsed) : unreadable(source) };
}

function stoppedInHtml(mail: ReadableMail): ReadableMail {
  const notes = new Set<ReadingNote>([...mail.notes, 'html-too-complex']);
  return { ...mail, notes: [...notes] };
}

/** Without even its header taken apart, since that may be what went wrong. */
function unreadable(source: Buffer): ReadableMail {
  const text = decodeText(source, '')
    .text.replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
    .toWellFormed();
  const notes: ReadingNote[] = source.length >= SOURCE_KEPT ? ['unparsable', 'truncated'] : ['unparsable'];
  return {
    mailSubject: '',
    author: { kind: 'unclear', fault: 'unreadable', text: '', names: [] },
    from: '',
    replyTo: '',
    to: '',
    cc: '',
    date: null,
    html: null,
    moreHtml: [],
    links: [],
    moreLinks: 0,
    text,
    explanations: [],
    notes,
    remoteContentRemoved: 0,
    attachments: [],
    nested: [],
  };
}

/** Memory that can be moved to another thread: small buffers share a pool with strangers and are copied. */
function ownMemory(mail: Buffer): Uint8Array {
  const isAlone = types.isArrayBuffer(mail.buffer) && mail.byteLength === mail.buffer.byteLength && mail.byteLength > 0;
  return isAlone ? new Uint8Array(mail.buffer) : Uint8Array.from(mail);
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
