import { AddressRefused, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress, UnquotedDotsAt } from '#libs/vocabulary';
import type { SmtpAnswer } from '../outgoing-mail.ts';
import { ANSWERS } from './answers.ts';

export type Path = { readonly address: MailAddress | null } | { readonly refusal: SmtpAnswer };

export interface AllowedInPath {
  /** MAIL had SMTPUTF8 (RFC 6531 §3.4). */
  readonly isUtf8Asked: boolean;
  readonly unquotedDotsAt: UnquotedDotsAt;
}

const REVERSE = /^MAIL FROM: ?<([^<>]*)>(?: (.*))?$/is;
const FORWARD = /^RCPT TO: ?<([^<>]*)>( .*)?$/is;

/** What EHLO offers: RFC 1870, RFC 6152, RFC 6531; AUTH (RFC 4954 §5) is read over. */
const PARAMETERS = ['SIZE', 'BODY', 'SMTPUTF8', 'AUTH'];

/**
 * The address of MAIL (RFC 5321 §4.1.1.2), in its one canonical form; null for the null path. Taken from the bytes of the command
 * and nowhere else, so that what is checked is what is mailed (threats.md A17, A38). A command that is none at all is left to
 * the server's own reply: `null` as a whole.
 */
export function reversePathOf(command: Uint8Array, unquotedDotsAt: UnquotedDotsAt): Path | null {
  const [, path, parameters = ''] = REVERSE.exec(textOf(command) ?? '') ?? [];
  if (path === undefined) return textOf(command) === null ? { refusal: ANSWERS.notUtf8 } : null;
  const keywords = parameters.split(/ +/).flatMap((each) => (each === '' ? [] : [each.split('=')[0]?.toUpperCase()]));
  if (!keywords.every((keyword) => PARAMETERS.includes(keyword ?? ''))) return { refusal: ANSWERS.unknownParameter };
  if (path === '') return { address: null };
  const isUtf8Asked = / SMTPUTF8(?: |$)/i.test(` ${parameters}`);
  return pathOf(path, { isUtf8Asked, unquotedDotsAt }, ANSWERS.badReversePath);
}

/**
 * The address of RCPT (RFC 5321 §4.1.1.3), in its one canonical form. A source route is refused, not stripped: nothing that is
 * handed to this server has one, and those that do mean to lead mail past a check.
 */
export function forwardPathOf(command: Uint8Array, allowed: AllowedInPath): Path | null {
  const [, path, parameters = ''] = FORWARD.exec(textOf(command) ?? '') ?? [];
  if (path === undefined) return textOf(command) === null ? { refusal: ANSWERS.notUtf8 } : null;
  if (parameters.trim() !== '') return { refusal: ANSWERS.unknownParameter };
  return pathOf(path, allowed, ANSWERS.badForwardPath);
}

function pathOf(path: string, { isUtf8Asked, unquotedDotsAt }: AllowedInPath, otherwise: SmtpAnswer): Path {
  if (path.startsWith('@')) return { refusal: ANSWERS.sourceRoute };
  if (/[^\0-\x7f]/.test(path) && !isUtf8Asked) return { refusal: ANSWERS.nonAsciiWithoutSmtpUtf8 };
  try {
    return { address: parseMailAddress(path, unquotedDotsAt) };
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    if (error.refusal === 'dots-need-quotes') return { refusal: ANSWERS.dotsNeedQuotes };
    return { refusal: error.refusal === 'unclear-letters' ? ANSWERS.unclearLetters : otherwise };
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(command: Uint8Array): string | null {
  try {
    return utf8.decode(command).trimEnd();
  } catch {
    return null;
  }
}
