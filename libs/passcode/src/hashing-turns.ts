import { availableParallelism } from 'node:os';
import { DomainError, Turns } from '#libs/vocabulary';

/** More codes are being made and checked than this process can hash: try again in a moment. */
export class PasscodeBusy extends DomainError {
  constructor() {
    super('passcode-busy');
  }
}

/** 4: each hash takes 19 MiB and a thread of the pool that file access needs too (threats.md B). */
export const MAX_HASHES_AT_ONCE = 4;

/** No more hashes at once than the processors can do. 200 in line are about 4 s of waiting on two of them. */
export class HashingTurns extends Turns {
  constructor({ atOnce = Math.min(MAX_HASHES_AT_ONCE, availableParallelism()), maxInLine = 200 } = {}) {
    super({ atOnce, maxInLine, refusal: () => new PasscodeBusy() });
  }
}
