import { OutboxSpool } from './outbox-spool.ts';

export interface RetryLimits {
  /** After the first failed try; doubled each time. */
  readonly firstRetrySeconds: number;
  readonly maxRetrySeconds: number;
}

/** The longest wait after so many failed tries, in seconds. Half of it or more is waited, by chance. */
export function longestWaitSeconds(attempts: number, { firstRetrySeconds, maxRetrySeconds }: RetryLimits): number {
  if (attempts === 0) return 0;
  return Math.min(maxRetrySeconds, firstRetrySeconds * 2 ** Math.min(attempts - 1, 20));
}

/**
 * When the carriers of a queue may be tried. Their names say it by the clock on the wall, for a process that comes after this one; here it is
 * kept by a clock that nobody sets, and no carrier waits longer than its tries allow, however far the other one jumps.
 */
export class DueTimes {
  private dueAtMs = new Map<string, number>();

  private readonly limits: RetryLimits;
  private readonly monotonicMs: () => number;

  constructor(limits: RetryLimits, monotonicMs: () => number) {
    this.limits = limits;
    this.monotonicMs = monotonicMs;
  }

  /** Which of these names, all that are in the queue, are due. @param wallMs milliseconds since 1970, as in the names */
  dueOf(names: readonly string[], wallMs: number): string[] {
    const nowMs = this.monotonicMs();
    const known = this.dueAtMs;
    this.dueAtMs = new Map(names.map((name) => [name, known.get(name) ?? nowMs + this.waitMsOf(name, wallMs)]));
    return names.filter((name) => (this.dueAtMs.get(name) ?? 0) <= nowMs);
  }

  private waitMsOf(name: string, wallMs: number): number {
    const longestMs = longestWaitSeconds(OutboxSpool.attemptsOf(name), this.limits) * 1000;
    return Math.min(Math.max(0, OutboxSpool.dueMsOf(name) - wallMs), longestMs);
  }
}
