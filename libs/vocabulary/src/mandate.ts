import { DomainError } from './domain-error.ts';

/** In whose name something is done to the record, to keys or to somebody in the record: all of it stays in the record for good. */
export interface Mandate {
  /** A name of an operator, an officer or a program; never a mail address. */
  readonly by: string;
  readonly caseNumber?: string;
  /** Why. */
  readonly reason?: string;
  /** Who else said yes to it: at the console who confirmed it, at the command line the name that was given. */
  readonly approvedBy?: string;
}

/** 200 characters: a name, or the number of a case. */
const MAX_NAME_CHARACTERS = 200;
/** 500 characters, one line: it is shown in tables. */
const MAX_REASON_CHARACTERS = 500;

/** What is said of who, case and reason cannot stand in the record; `field` is the name of what is wrong. */
export class BadMandate extends DomainError {
  readonly field: keyof Mandate;

  constructor(field: keyof Mandate, fault: string) {
    super('bad-mandate', `${WORDS[field]} ${fault}`);
    this.field = field;
  }
}

const WORDS = {
  by: 'the name of who does it',
  caseNumber: 'the case number',
  reason: 'the reason',
  approvedBy: 'the name of who approves it',
} as const;

/** @throws BadMandate */
export function mandateOf(given: {
  readonly by: string;
  readonly caseNumber?: string | undefined;
  readonly reason?: string | undefined;
  readonly approvedBy?: string | undefined;
}): Mandate {
  const { by, caseNumber, reason, approvedBy } = given;
  checkLine('by', by, MAX_NAME_CHARACTERS);
  if (caseNumber !== undefined) checkLine('caseNumber', caseNumber, MAX_NAME_CHARACTERS);
  if (reason !== undefined) checkLine('reason', reason, MAX_REASON_CHARACTERS);
  if (approvedBy !== undefined) checkLine('approvedBy', approvedBy, MAX_NAME_CHARACTERS);
  return {
    by,
    ...(caseNumber !== undefined && { caseNumber }),
    ...(reason !== undefined && { reason }),
    ...(approvedBy !== undefined && { approvedBy }),
  };
}

function checkLine(field: keyof Mandate, text: string, maxCharacters: number): void {
  if (text.trim() === '' || text.length > maxCharacters || /\p{Cc}/u.test(text))
    throw new BadMandate(field, `is one line of 1 to ${maxCharacters} characters`);
  if (text.includes('@')) throw new BadMandate(field, 'holds no mail address: the record cannot forget it');
}
