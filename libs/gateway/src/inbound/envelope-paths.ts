import { AddressRefused, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import type { SmtpAnswer } from '../outgoing-mail.ts';
import { ANSWERS } from './answers.ts';

export type Path = { readonly address: MailAddress | null } | { readonly refusal: SmtpAnswer };

const REVERSE = /^MAIL FROM: ?<([^<>]*)>(?: (.*))?$/is;
const FORWARD = /^RCPT TO: ?<([^<>]*)>( .*)?$/is;

/** What EHLO offers: RFC 1870, RFC 6152, RFC 6531; AUTH (RFC 4954 §5) is read over. */
const PARAMETERS = ['SIZE', 'BODY', 'SMTPUTF8', 'AUTH'];

/**
 * The address of MAIL (RFC 5321 §4.1.1.2), in its one canonical form; null for the null path. Taken from the bytes of the command
 * and nowhere else, so that what is checked is what is mailed (threats.md A17, A38). A command that is none at all is left to
 * the server's own reply: `null` as a whole.
 */
export function reversePathOf(command: Uint8Array): Path | null {
  const [, path, parameters = ''] = REVERSE.exec(textOf(command) ?? '') ?? [];
  if (path === undefined) return textOf(command) === null ? { refusal: ANSWERS.notUtf8 } : null;
  const keywords = parameters.split(/ +/).flatMap((each) => (each === '' ? [] : [each.split('=')[0]?.toUpperCase()]));
  if (!keywords.every((keyword) => PARAMETERS.includes(keyword ?? ''))) return { refusal: ANSWERS.unknownParameter };
  if (path === '') return { address: null };
  const isUtf8Asked = / SMTPUTF8(?: |$)/i.test(` ${parameters}`);
  return pathOf(path, isUtf8Asked, ANSWERS.badReversePath);
}

/**
 * The address of RCPT (RFC 5321 §4.1.1.3), in its one canonical form. A source route is refused, not stripped: nothing that is
 * handed to this server has one, and those that do mean to lead mail past a check.
 * @param isUtf8Asked whether MAIL had SMTPUTF8 (RFC 6531 §3.4)
 */
export function forwardPathOf(command: Uint8Array, isUtf8Asked: boolean): Path | null {
  const [, path, parameters = ''] = FORWARD.exec(textOf(command) ?? '') ?? [];
  if (path === undefined) return textOf(command) === null ? { refusal: ANSWERS.notUtf8 } : null;
  if (parameters.trim() !== '') return { refusal: ANSWERS.unknownParameter };
  return pathOf(path, isUtf8Asked, ANSWERS.badForwardPath);
}

function pathOf(path: string, isUtf8Asked: boolean, otherwise: SmtpAnswer): Path {
  if (path.startsWith('@')) return { refusal: ANSWERS.sourceRoute };
  if (/[^\0-\x7f]/.test(path) && !isUtf8Asked) return { refusal: ANSWERS.nonAsciiWithoutSmtpUtf8 };
  try {
    return { address: parseMailAddress(path) };
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    return { refusal: error.refusal === 'non-ascii-local-part' ? ANSWERS.nonAsciiLocalPart : otherwise };
  }
}

function textOf(command: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(command).trimEnd();
  } catch {
    return null;
  }
}
