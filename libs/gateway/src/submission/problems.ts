import { AddressRefused, DomainError, parseMailAddress } from '#libs/vocabulary';
import type { AddressRefusal, BadMandate, MailAddress, UnquotedDotsAt } from '#libs/vocabulary';
import type { AuthorFault } from '#libs/mail';
import type { MailTooLarge } from '#libs/sealing';
import type { FromUnclear } from '../seals/from-unclear.ts';
import type { SubmissionDelivery } from './submission-events.ts';
import type { MailIncomplete } from './mail-incomplete.ts';
import type { SubmissionUnderWay } from './submission.ts';
import type { SenderNotAllowed, TooManyRecipients } from './submit-mail.ts';

/** Problem details (RFC 9457). The words are ours and for programmers; never an address, a path or a stack. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The query parameter or header field of the request at fault. */
  readonly parameter?: string;
  /** The header field of the mail at fault; `header` or `body` where all of it is missing. */
  readonly field?: string;
  /** Why the From field of the mail was refused. */
  readonly fault?: AuthorFault;
  /** Which of several values of that parameter, counted from 1. */
  readonly position?: number;
  /** Why an address was refused. */
  readonly refusal?: AddressRefusal;
}

/** A request that is wrong in itself. */
export class BadRequest extends DomainError {
  readonly problem: Omit<Problem, 'type'>;

  constructor(code: string, problem: Omit<Problem, 'type'>) {
    super(code, problem.detail);
    this.problem = problem;
  }
}

const WHY: Record<AddressRefusal, string> = {
  empty: 'it is empty',
  'not-one-at-sign': 'it has not exactly one @',
  'control-or-space': 'it holds a space or a control character (a plus sign in a query is written %2B)',
  'unclear-letters': 'the part before the @ has characters that could be taken for others, or are no letters',
  'quoted-or-comment': 'it holds quotes, comments, or characters of an address list',
  'routing-character': 'it holds % or !',
  'dots-need-quotes': 'the part before the @ begins or ends with a dot or has two in a row, and stands in no quotes',
  'bad-local-part': 'the part before the @ is not made of dot-separated atoms',
  'domain-literal': 'its domain is an address literal',
  'bad-domain': 'its domain is not a host name with a dot',
  'too-long': 'it is longer than 64 octets before the @ or 254 in all',
};

function addressProblem(refused: AddressRefused, parameter: string, position: number): BadRequest {
  const which = position > 1 ? `${parameter} number ${position}` : parameter;
  return new BadRequest('address-refused', {
    title: 'Not one plain mail address',
    status: 400,
    detail: `The address in ${which} is refused: ${WHY[refused.refusal]}.`,
    parameter,
    position,
    refusal: refused.refusal,
  });
}

/** @param parameter where it stands: in the query, or the name of a field. @param position counted from 1 @throws BadRequest */
export function addressIn(
  text: string,
  parameter: string,
  position: number,
  unquotedDotsAt: UnquotedDotsAt,
): MailAddress {
  try {
    return parseMailAddress(text, unquotedDotsAt);
  } catch (error) {
    throw error instanceof AddressRefused ? addressProblem(error, parameter, position) : error;
  }
}

/** @throws BadRequest */
export function deliveryOf(values: readonly string[], parameter: string): SubmissionDelivery {
  if (values.length === 0 || (values.length === 1 && values[0] === 'true')) return 'relay';
  if (values.length === 1 && values[0] === 'false') return 'hand-out';
  throw badParameter(parameter, `${parameter} is true or false, once.`);
}

export function badParameter(parameter: string, detail: string): BadRequest {
  return new BadRequest('bad-parameter', {
    title: 'Bad parameter',
    status: 400,
    detail,
    parameter: parameter.slice(0, 40),
  });
}

/** 30 s: long enough for a store to come back, short enough for a program that waits. 5 s: until mails of its own are sealed. */
const RETRY_AFTER_SECONDS: Readonly<Record<number, number>> = { 503: 30, 429: 5 };

/** @returns null for what nobody foresaw */
export function problemOf(error: unknown): { problem: Problem; retryAfterSeconds?: number } | null {
  if (!(error instanceof DomainError)) return null;
  const known = knownProblem(error);
  if (!known) return null;
  const problem = { type: `urn:segl:problem:${error.code}`, ...known };
  const retryAfterSeconds =
    error.code === 'submission-under-way'
      ? Math.ceil((error as SubmissionUnderWay).secondsLeft)
      : RETRY_AFTER_SECONDS[known.status];
  return retryAfterSeconds === undefined ? { problem } : { problem, retryAfterSeconds };
}

function knownProblem(error: DomainError): Omit<Problem, 'type'> | null {
  if (error instanceof BadRequest) return error.problem;
  switch (error.code) {
    case 'unauthorised':
      return {
        title: 'Not authorised',
        status: 401,
        detail: 'Give an access token of this portal that is good now: Authorization: Bearer <token>.',
      };
    case 'insufficient-scope':
      return {
        title: 'Not allowed',
        status: 403,
        detail:
          'This access token was not issued with a scope for that: messages:seal, or messages:revoke for messages of others.',
      };
    case 'no-such-message':
      return {
        title: 'No such message',
        status: 404,
        detail: 'No message of that name was sealed here by this client.',
      };
    case 'bad-mandate': {
      const { field, message } = error as BadMandate;
      const parameter = field === 'reason' ? 'Segl-Reason' : 'Segl-Case-Number';
      return { title: 'Not for the record', status: 400, detail: `${message}.`, parameter };
    }
    case 'no-recipient':
      return {
        title: 'No recipient',
        status: 400,
        detail: 'Give at least one Segl-Recipient: <address>.',
        parameter: 'Segl-Recipient',
      };
    case 'too-many-recipients': {
      const { maxRecipients } = error as TooManyRecipients;
      const detail = `One request may have ${maxRecipients} recipients. Send the mail in several requests.`;
      return { title: 'Too many recipients', status: 400, detail, parameter: 'Segl-Recipient' };
    }
    case 'sender-not-allowed': {
      const isHeader = (error as SenderNotAllowed).where === 'header';
      const detail = isHeader
        ? 'The From or Sender field of the mail names an address that this client may not write as.'
        : 'This client may not write as the sender.';
      return { title: 'Sender not allowed', status: 403, detail, ...(!isHeader && { parameter: 'Segl-Sender' }) };
    }
    case 'mail-incomplete': {
      const { lacks } = error as MailIncomplete;
      const detail = `The mail has no ${lacks}: it was cut off, or is no mail. Nothing was sealed.`;
      return { title: 'Not a whole mail', status: 422, detail, field: lacks };
    }
    case 'from-unclear': {
      const { fault, message } = error as FromUnclear;
      const detail = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
      return { title: 'No single clear author', status: 422, detail, field: 'From', fault };
    }
    case 'mail-too-large': {
      const { maxMailBytes } = error as MailTooLarge;
      return {
        title: 'Mail too large',
        status: 413,
        detail: `A mail may have ${maxMailBytes} bytes. Nothing was sealed.`,
      };
    }
    case 'submission-key-reused':
      return {
        title: 'Idempotency key used before',
        status: 422,
        detail:
          'This key was used for another mail, other recipients, terms or delivery. Use a new key for a new request.',
        parameter: 'Idempotency-Key',
      };
    case 'carriers-no-longer-kept':
      return {
        title: 'Carriers no longer kept',
        status: 409,
        detail:
          'The carriers of this request were handed out before and are kept no longer. Use a new key to seal the mail again.',
        parameter: 'Idempotency-Key',
      };
    case 'body-too-slow':
      return {
        title: 'Mail came too slowly',
        status: 408,
        detail: 'Too little of the mail came in too long a time. Nothing was sealed: send it again, without pauses.',
      };
    case 'too-many-submissions':
      return {
        title: 'Too many submissions at once',
        status: 429,
        detail: 'This client has as many mails under way as it may have beside others. Nothing was done: try again.',
      };
    case 'submission-under-way':
      return {
        title: 'Under way',
        status: 409,
        detail: 'The same request is being handed to the relay right now. Repeat it after that, with the same key.',
        parameter: 'Idempotency-Key',
      };
    case 'relay-refused':
      return {
        title: 'Refused by the relay',
        status: 422,
        detail: 'The relay refused this recipient or this mail for good. Nothing was sent.',
        parameter: 'Segl-Recipient',
      };
    case 'relay-unavailable':
    case 'event-store-unavailable':
    case 'person-directory-unavailable':
    case 'outbox-unavailable':
    case 'too-much-contention':
      return {
        title: 'Not possible right now',
        status: 503,
        detail:
          'What is sealed must be recorded and kept, and right now it cannot be. Try again with the same Idempotency-Key.',
      };
    default:
      return null;
  }
}
