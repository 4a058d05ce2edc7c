import { DomainError, Turns } from '#libs/vocabulary';

/** More readers are opening messages at this moment than there is memory for: try again in a minute. */
export class TooManyOpenings extends DomainError {
  constructor() {
    super('too-many-openings');
  }
}

/** Plaintext is in memory only while one response is made, and only for so many responses at a time. */
export class OpeningTurns extends Turns {
  constructor(atOnce: number, maxInLine: number = atOnce * 16) {
    super({ atOnce, maxInLine, refusal: () => new TooManyOpenings() });
  }
}
