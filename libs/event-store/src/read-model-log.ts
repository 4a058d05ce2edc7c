import { Worker } from 'node:worker_threads';
import type { LogCommand } from './read-model-log-worker.ts';

/** 4 MiB, as SQLite does by itself. */
const COPY_FROM_PAGES = 1000;
/** 64 MiB: a writer that never rests would let the log grow for ever, since only a log that is copied to its end begins anew. */
const WAIT_FROM_PAGES = 16_000;

/** Has the write-ahead log copied into the file by a thread of its own, which is started when it is first needed. */
export class ReadModelLog {
  private readonly path: string;
  private worker: Worker | null = null;
  private copying: Promise<void> | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /** @param pages in the log @param copiedPages of them @returns when the next write may come: mostly at once */
  async keepShort(pages: number, copiedPages: number): Promise<void> {
    const isTooLong = pages >= WAIT_FROM_PAGES && copiedPages < pages;
    if (!isTooLong && pages - copiedPages < COPY_FROM_PAGES) return;
    this.copying ??= this.copy().finally(() => (this.copying = null));
    if (isTooLong) await this.copying;
  }

  /** Call after the connection that wrote was closed: who closes last copies the rest. */
  close(): void {
    this.worker?.postMessage('close' satisfies LogCommand);
    this.worker = null;
  }

  private copy(): Promise<void> {
    const worker = (this.worker ??= this.start());
    return new Promise((resolve) => {
      const done = (): void => {
        worker.off('message', done);
        worker.off('exit', done);
        resolve();
      };
      worker.on('message', done);
      worker.on('exit', done);
      worker.postMessage('copy' satisfies LogCommand);
    });
  }

  private start(): Worker {
    const name = import.meta.url.endsWith('.ts') ? './read-model-log-worker.ts' : './read-model-log-worker.js';
    const worker = new Worker(new URL(name, import.meta.url), { workerData: this.path, name: 'read-model-log' });
    const forget = (): void => {
      if (this.worker === worker) this.worker = null;
    };
    worker.on('error', forget); // started anew at the next need; meanwhile the log grows
    worker.on('exit', forget);
    worker.unref();
    return worker;
  }
}
