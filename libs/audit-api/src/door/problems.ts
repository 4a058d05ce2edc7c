import { BadAuditQuery } from '#libs/audit';
import { DomainError } from '#libs/vocabulary';
import { AuditRequestRefused } from './audit-request-refused.ts';
import { AuditNotAuthorised } from '../settings.ts';

/** Problem details (RFC 9457). The words are ours and for programmers; never an address, a path or a stack. */
export interface AuditProblem {
  /** `urn:segl:problem:<code>`; the code is stable. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The parameter, or member of the body, at fault. */
  readonly field?: string;
}

const RETRY_AFTER_SECONDS = 30;

/** The names that a question's fields have here, where they differ from the room's. */
const FIELDS: Readonly<Record<string, string>> = {
  messageId: 'message',
  personId: 'person',
  senderId: 'sender',
  recipientId: 'recipient',
  readerId: 'reader',
  submissionId: 'submission',
  caseNumber: 'case',
};

/** @returns null for what nobody foresaw */
export function problemOf(error: unknown): { problem: AuditProblem; retryAfterSeconds?: number } | null {
  if (!(error instanceof DomainError)) return null;
  const known = knownProblem(error);
  if (known === null) return null;
  const problem = { type: `urn:segl:problem:${error.code}`, ...known };
  return known.status === 503 ? { problem, retryAfterSeconds: RETRY_AFTER_SECONDS } : { problem };
}

function knownProblem(error: DomainError): Omit<AuditProblem, 'type'> | null {
  if (error instanceof AuditRequestRefused) {
    const { status, field, message } = error;
    const title = { 400: 'Bad request', 404: 'Not found', 409: 'Not possible', 413: 'Too large', 415: 'Not JSON' }[
      status
    ];
    return { title, status, detail: sentence(message), ...(field !== null && { field }) };
  }
  if (error instanceof BadAuditQuery) {
    const field = FIELDS[error.field] ?? error.field;
    return { title: 'Bad request', status: 400, detail: sentence(error.message.replace(/^\w+: /, `${field} `)), field };
  }
  if (error instanceof AuditNotAuthorised) {
    return error.error === 'invalid_token'
      ? {
          title: 'Not authorised',
          status: 401,
          detail: 'Give an access token of this portal that is good now: Authorization: Bearer <token>.',
        }
      : {
          title: 'Not allowed',
          status: 403,
          detail: 'This access token was not issued with the scope that this needs.',
        };
  }
  switch (error.code) {
    case 'second-person-needed':
      return {
        title: 'This needs a second person',
        status: 403,
        detail:
          'An officer must confirm this export: ask by POST /api/v1/audit/exports/requests, and give the approval that it answers.',
      };
    case 'export-not-approved':
      return { title: 'Not approved', status: 403, detail: sentence(error.message) };
    case 'audit-api-busy':
    case 'read-models-busy':
      return { title: 'Busy', status: 503, detail: `Try again later: ${error.message}.` };
    case 'event-store-unavailable':
    case 'person-directory-unavailable':
    case 'too-much-contention':
      return {
        title: 'Not possible right now',
        status: 503,
        detail: 'Who asks is recorded before anything is answered, and right now it cannot be. Try again.',
      };
    case 'projections-behind':
      return {
        title: 'Not complete right now',
        status: 503,
        detail:
          'What says which events answer to a question has not come to the end of the record, and would leave some out. Try again, or take all of the record; /readyz says more.',
      };
    case 'ledger-contradicted':
      return {
        title: 'The log contradicts its checkpoints',
        status: 503,
        detail: 'Nothing is proven over a log that differs from what was signed. Its operator must look at it.',
      };
    default:
      return null;
  }
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${words.endsWith('.') ? '' : '.'}`;
}
