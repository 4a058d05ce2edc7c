import { availableParallelism } from 'node:os';
import { DomainError } from '#libs/vocabulary';

/** More codes are being made and checked than this process can hash: try again in a moment. */
export class PasscodeBusy extends DomainError {
  constructor() {
    super('passcode-busy');
  }
}

/** 4: each hash takes 19 MiB and a thread of the pool that file access needs too (threats.md B). */
export const MAX_HASHES_AT_ONCE = 4;

/**
 * Turns at something costly: so many at once, no more than the processors can do, the next ones in line, and the line has
 * an end. 200 in line are about 4 s of waiting on two processors.
 */
export class HashingTurns {
  private readonly atOnce: number;
  private readonly maxInLine: number;
  private readonly line: (() => void)[] = [];
  private underWay = 0;

  constructor({ atOnce = Math.min(MAX_HASHES_AT_ONCE, availableParallelism()), maxInLine = 200 } = {}) {
    this.atOnce = atOnce;
    this.maxInLine = maxInLine;
  }

  get isFull(): boolean {
    return this.underWay >= this.atOnce && this.line.length >= this.maxInLine;
  }

  /** @throws PasscodeBusy when the line is full */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.isFull) throw new PasscodeBusy();
    if (this.underWay < this.atOnce) this.underWay += 1;
    else await new Promise<void>((resume) => this.line.push(resume)); // a turn is handed over: underWay stays as it is
    try {
      return await work();
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.underWay -= 1;
    }
  }
}
