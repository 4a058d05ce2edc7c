import type { DomainError } from './domain-error.ts';

export interface TurnsOptions {
  /** How many may be at work at the same time. */
  readonly atOnce: number;
  /** How many may wait; the next one is refused. */
  readonly maxInLine: number;
  /** What that one gets. */
  readonly refusal: () => DomainError;
}

/** Turns at something costly, of this process: so many at once, the next ones wait in order, and the line has an end. */
export class Turns {
  private readonly options: TurnsOptions;
  private readonly line: (() => void)[] = [];
  private underWay = 0;

  constructor(options: TurnsOptions) {
    this.options = options;
  }

  /** Whether the next one would be refused. */
  get isFull(): boolean {
    return this.underWay >= this.options.atOnce && this.line.length >= this.options.maxInLine;
  }

  /** Gives the turn on when the work has ended, however it ended. @throws the refusal when the line is full, and what `work` throws */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.isFull) throw this.options.refusal();
    if (this.underWay < this.options.atOnce) this.underWay += 1;
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
