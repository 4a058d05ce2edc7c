import { Worker } from 'node:worker_threads';
import { DomainError } from '#libs/vocabulary';
import type { ReadModelDatabase } from './read-models.ts';
import type { ThreadAnswer, ThreadData, ThreadQuestion } from './read-model-thread-worker.ts';

/** Functions of a module that read, by their names. What goes in and out is cloned from thread to thread. */
export type ReadModelQuestions = Readonly<Record<string, (db: ReadModelDatabase, ...parameters: never[]) => unknown>>;

type ParametersOf<Question> = Question extends (db: ReadModelDatabase, ...parameters: infer Rest) => unknown
  ? Rest
  : never;

/** More is asked than can be answered now, or this took longer than any question may. */
export class ReadModelsBusy extends DomainError {
  constructor(reason: string) {
    super('read-models-busy', reason);
  }
}

export interface ReadModelThreadOptions {
  /** How long one question may take before its thread is given up. Default 10 s. */
  readonly timeoutMs?: number;
  /** Questions that may wait for their turn; more are refused. Default 32. */
  readonly maxWaiting?: number;
}

interface Waiting extends ThreadQuestion {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks the read models in a thread of its own, over a connection that can only read: however long an answer takes, whoever is served
 * meanwhile does not wait. One question at a time; the thread is started by the first.
 */
export class ReadModelThread<Questions extends ReadModelQuestions> {
  private readonly data: ThreadData;
  private readonly timeoutMs: number;
  private readonly maxWaiting: number;
  private readonly waiting: Waiting[] = [];
  private worker: Worker | null = null;
  private asked: Waiting | null = null;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** @param path of the file of the read models, which must be there when the first question comes @param questions the module's URL */
  constructor(path: string, questions: URL, { timeoutMs = 10_000, maxWaiting = 32 }: ReadModelThreadOptions = {}) {
    this.data = { path, questions: questions.href };
    this.timeoutMs = timeoutMs;
    this.maxWaiting = maxWaiting;
  }

  /** @throws ReadModelsBusy, and what the question itself throws, as a clone without its class */
  ask<Name extends keyof Questions & string>(
    name: Name,
    ...parameters: ParametersOf<Questions[Name]>
  ): Promise<ReturnType<Questions[Name]>> {
    if (this.isClosed) return Promise.reject(new ReadModelsBusy('the read models are closed'));
    if (this.waiting.length >= this.maxWaiting) {
      return Promise.reject(new ReadModelsBusy(`${this.maxWaiting} questions wait already`));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ name, parameters, resolve: resolve as (answer: unknown) => void, reject });
      this.next();
    });
  }

  /** What still waits is refused. May be called twice. */
  close(): void {
    this.isClosed = true;
    for (const { reject } of this.waiting.splice(0)) reject(new ReadModelsBusy('the read models are closed'));
    if (this.asked === null) this.worker?.postMessage('close');
    else this.giveUp(new ReadModelsBusy('the read models are closed'));
    this.worker = null;
  }

  private next(): void {
    if (this.asked !== null) return;
    const question = this.waiting.shift();
    if (question === undefined) return;
    this.asked = question;
    this.worker ??= this.start();
    this.worker.ref();
    this.worker.postMessage({ name: question.name, parameters: question.parameters } satisfies ThreadQuestion);
    const late = `no answer within ${this.timeoutMs / 1000} s`;
    this.timer = setTimeout(() => this.giveUp(new ReadModelsBusy(late)), this.timeoutMs);
  }

  private answered(answer: ThreadAnswer): void {
    const question = this.asked;
    this.rest();
    if ('error' in answer) question?.reject(answer.error);
    else question?.resolve(answer.answer);
    this.next();
  }

  /** The thread ends when SQLite comes back to it; another answers the next question. */
  private giveUp(reason: unknown): void {
    const [question, worker] = [this.asked, this.worker];
    this.rest();
    this.worker = null;
    void worker?.terminate();
    question?.reject(reason);
    this.next();
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.asked = null;
    this.worker?.unref();
  }

  private start(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./read-model-thread-worker.${extension}`, import.meta.url), {
      workerData: this.data,
      name: 'read-model-questions',
      execArgv: ['--no-warnings', ...(extension === 'ts' ? ['--conditions=segl-source'] : [])],
    });
    worker.on('message', (answer: ThreadAnswer) => {
      if (this.worker === worker) this.answered(answer);
    });
    worker.on('error', (error) => {
      if (this.worker === worker) this.giveUp(error);
    });
    return worker;
  }
}
