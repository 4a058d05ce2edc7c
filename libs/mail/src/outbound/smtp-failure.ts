import { RelayRefused, RelayUnavailable } from './mail-relay.ts';

/** 500 characters: enough for any reply that means something to an operator. */
const MAX_REPLY_CHARACTERS = 500;

/** How nodemailer says what went wrong. */
interface SmtpFailure {
  readonly message?: string;
  readonly response?: unknown;
  readonly responseCode?: unknown;
  readonly code?: unknown;
  readonly command?: unknown;
}

/**
 * One word for what went wrong. For good is only a 55y answer to this very mail (RFC 5321 §4.2.3: mailbox, size, policy); trouble
 * with the session never is, nor 50y and 53y, which say that the two sides are set up wrongly: no mail must be lost for that.
 */
export function relayError(error: unknown, atMost?: 'RelayUnavailable'): RelayRefused | RelayUnavailable {
  if (error instanceof RelayRefused || error instanceof RelayUnavailable) return error;
  const { message, response } = error as SmtpFailure;
  const code = replyCodeOf(error);
  const reply = cleanReply(typeof response === 'string' ? response : (message ?? 'unknown failure'));
  if (atMost === undefined && isOversize(error)) {
    return new RelayRefused(reply, 0, { cause: error, enhancedStatus: '5.3.4' });
  }
  if (atMost === undefined && isAboutTheMail(error) && code >= 550 && code <= 559) {
    return new RelayRefused(reply, code, { cause: error });
  }
  return new RelayUnavailable(reply, code, { cause: error });
}

/**
 * Whether another hop may be asked in its place: nothing of the content has left, and this one has said nothing about the mail. 421
 * says that it is going away (RFC 5321 §3.8).
 */
export function isAboutTheHop(error: unknown): boolean {
  if (error instanceof RelayRefused) return false;
  const code = replyCodeOf(error);
  return !isOversize(error) && (code === 0 || code === 421 || !isAboutTheMail(error));
}

function isAboutTheMail(error: unknown): boolean {
  return ['MAIL FROM', 'RCPT TO', 'DATA'].includes(String((error as SmtpFailure).command));
}

export function replyCodeOf(error: unknown): number {
  if (error instanceof RelayUnavailable) return error.replyCode;
  const { responseCode } = error as SmtpFailure;
  return typeof responseCode === 'number' && responseCode >= 200 && responseCode <= 599 ? responseCode : 0;
}

/** nodemailer compares with the relay's SIZE before it sends anything. */
function isOversize(error: unknown): boolean {
  const { code, command } = error as SmtpFailure;
  return code === 'EMESSAGE' && command === 'MAIL FROM' && replyCodeOf(error) === 0;
}

/** Printable ASCII, one line, bounded: a relay's text ends up in files, on operators' screens and in replies of our own. */
export function cleanReply(text: string): string {
  return text
    .slice(0, 4 * MAX_REPLY_CHARACTERS)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/\P{ASCII}/gu, '?')
    .trim()
    .slice(0, MAX_REPLY_CHARACTERS);
}
