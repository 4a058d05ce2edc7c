import { DomainError } from '#libs/vocabulary';

/** The message has no such attachment. */
export class NoSuchAttachment extends DomainError {
  constructor() {
    super('no-such-attachment');
  }
}
