import { DomainError } from '#libs/vocabulary';

/** No answer, a late one, or one that is not to be used. Its words are ours and the host's name: they can stand in a log, its cause cannot. */
export class DestinationUnreachable extends DomainError {
  constructor(detail: string, options?: ErrorOptions) {
    super('destination-unreachable', detail, options);
  }
}
