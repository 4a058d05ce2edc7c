import { DomainError } from '#libs/vocabulary';

/** More readers are opening messages at this moment than there is memory for: try again in a minute. */
export class TooManyOpenings extends DomainError {
  constructor() {
    super('too-many-openings');
  }
}

/**
 * Plaintext is in memory only while one response is made, and only for so many responses at a time; the next ones wait in
 * line, in order, and the line has an end.
 */
export class OpeningTurns {
  private underWay = 0;
  private readonly line: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly maxInLine: number = atOnce * 16,
  ) {}

  /** @throws TooManyOpenings when the line is full */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.underWay >= this.atOnce) {
      if (this.line.length >= this.maxInLine) throw new TooManyOpenings();
      await new Promise<void>((resume) => this.line.push(resume)); // the turn is handed over, so underWay stays as it is
    } else {
      this.underWay++;
    }
    try {
      return await work();
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.underWay--;
    }
  }
}
