import { randomBytes } from 'node:crypto';
import type { Instant } from '#libs/vocabulary';
import { base32Lower } from '#libs/vocabulary';
import type { OutgoingMail } from '../outgoing-mail.ts';

/**
 * The one line that a mail in clear leaves with and did not come with (RFC 5321 §4.4, RFC 3848), folded, CRLF at its end. It names
 * no recipient: several may get the same mail, and not know of each other.
 */
export function receivedLine(
  { heloName, networkAddress, protocol }: OutgoingMail['session'],
  { host, now }: { readonly host: string; readonly now: Instant },
): string {
  const literal = networkAddress.includes(':') ? `IPv6:${networkAddress}` : networkAddress;
  const date = new Date(now).toUTCString().replace('GMT', '+0000');
  const id = base32Lower(randomBytes(10));
  return `Received: from ${heloName} ([${literal}])\r\n\tby ${host} with ${protocol} id ${id};\r\n\t${date}\r\n`;
}
