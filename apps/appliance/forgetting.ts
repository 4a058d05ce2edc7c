import type { ServerResponse } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { RequestHandler } from 'express';

type Collect = (options: { type: 'major'; execution: 'async' }) => Promise<void>;

/** From an answer that held something until memory is cleared, in seconds. */
const QUIET_SECONDS = 5;
/** How seldom the pause may come that clearing costs, in seconds; and what a connection still held at the first time is gone at the next. */
const BETWEEN_SECONDS = 15;

/**
 * What was shown, and the codes that were entered, are strings at last: they cannot be wiped, only collected, and V8 leaves the bytes
 * of what it collected where they are. So it is told to clear them (`--clear-free-memory`), and to collect twice after answers to
 * forms (all that shows a message or takes a code is one), not when memory happens to run short. The bytes of such an answer are
 * wiped when they are out (threats.md, What remains).
 */
export class Forgetting {
  private readonly collect: Collect;
  private readonly quietMs: number;
  private readonly betweenMs: number;
  private timer: NodeJS.Timeout | null = null;
  private clearedAt = -Infinity;
  private turnsLeft = 0;

  constructor({ quietSeconds = QUIET_SECONDS, betweenSeconds = BETWEEN_SECONDS } = {}) {
    this.quietMs = quietSeconds * 1000;
    this.betweenMs = betweenSeconds * 1000;
    setFlagsFromString('--clear-free-memory');
    setFlagsFromString('--expose-gc');
    this.collect = runInNewContext('gc') as Collect;
    setFlagsFromString('--no-expose-gc');
  }

  readonly middleware: RequestHandler = ({ method }, response, next) => {
    if (method === 'POST') this.watch(response);
    next();
  };

  private watch(response: ServerResponse): void {
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.end = (chunk?: unknown, ...rest: unknown[]) => {
      // A page is rendered for one answer: its bytes are nobody else's.
      const isPage = String(response.getHeader('Content-Type')).startsWith('text/html');
      if (isPage && Buffer.isBuffer(chunk)) response.once('close', () => chunk.fill(0));
      return end(chunk, ...rest);
    };
    response.once('close', () => {
      this.turnsLeft = 2;
      this.schedule();
    });
  }

  private schedule(): void {
    const earliest = this.clearedAt + this.betweenMs - performance.now();
    this.timer ??= setTimeout(() => void this.clear(), Math.max(this.quietMs, earliest)).unref();
  }

  private async clear(): Promise<void> {
    this.turnsLeft -= 1;
    await this.collect({ type: 'major', execution: 'async' });
    this.clearedAt = performance.now();
    this.timer = null;
    if (this.turnsLeft > 0) this.schedule();
  }
}
