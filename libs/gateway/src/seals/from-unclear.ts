import { DomainError } from '#libs/vocabulary';
import type { AuthorFault } from '#libs/mail';

const WHY: Record<AuthorFault, string> = {
  repeated: 'it stands more than once',
  several: 'it names more than one address',
  group: 'it names a group',
  unreadable: 'some of it is no address, or can be read in more than one way',
  'not-plain': 'its address is not one plain mail address',
  empty: 'it names nobody',
  'too-long': 'it is longer than any author',
};

/** The From field of a mail names no single clear author, so nobody could say for certain in whose name it would be sealed. */
export class FromUnclear extends DomainError {
  readonly fault: AuthorFault;

  constructor(fault: AuthorFault) {
    super('from-unclear', `the From field of the mail names no single clear author: ${WHY[fault]}; nothing was sealed`);
    this.fault = fault;
  }
}
