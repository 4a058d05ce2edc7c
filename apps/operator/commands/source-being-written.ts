import { DomainError } from '#libs/vocabulary';

/** The source grew faster than it was copied, or after it was: what writes to it has to stop. */
export class SourceBeingWritten extends DomainError {
  constructor() {
    super(
      'source-being-written',
      'the source is being written to: stop what writes, then run the same again; what is copied stays copied',
    );
  }
}
