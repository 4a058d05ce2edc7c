import { domainToASCII } from 'node:url';
import { AddressRefused, mailAddressOf } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { parseAddressList } from './address-list.ts';
import type { Mailbox } from './address-list.ts';
import { headerText, MAX_FIELD } from './header-text.ts';

/** RFC 5322 §3.2.3 */
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** What people read without quotes. */
const SHOWN_WITHOUT_QUOTES = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~.-]+$/u;
const DOMAIN = /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Za-z:.]+\])$/;
const MAX_ADDRESS = 254;

/** The address of a mailbox in its one canonical form; null when it has none. */
export function canonicalAddress({ localPart, domain }: Pick<Mailbox, 'localPart' | 'domain'>): MailAddress | null {
  try {
    return mailAddressOf(localPart, domain);
  } catch (error) {
    if (error instanceof AddressRefused) return null;
    throw error;
  }
}

/**
 * The address as it may stand in a header that we write; null when it cannot.
 * @param mayBeUtf8 whether that header may hold UTF-8 (RFC 6532): a local part that needs it is null otherwise
 */
export function headerAddress({ localPart, domain }: Mailbox, mayBeUtf8: boolean): string | null {
  if (/\P{ASCII}/u.test(localPart)) return mayBeUtf8 ? canonicalAddress({ localPart, domain }) : null;
  const ascii = /\P{ASCII}/u.test(domain) ? domainToASCII(domain) : domain;
  const address = `${DOT_ATOM.test(localPart) ? localPart : quoted(localPart)}@${ascii}`;
  return DOMAIN.test(ascii) && /^[ -~]+$/.test(address) && address.length <= MAX_ADDRESS ? address : null;
}

function quoted(localPart: string): string {
  return `"${localPart.replace(/["\\]/g, '\\$&')}"`;
}

/** `Name <address>` for people. */
export function mailboxText(displayName: string, address: string): string {
  if (displayName === '' || displayName === address) return address;
  const name = /[<>@,;:"]/.test(displayName) ? `"${displayName.replaceAll('"', "'")}"` : displayName;
  return `${name} <${address}>`;
}

/** All addresses of some fields as one line for people; what could not be read stands in it as it is. */
export function addressesText(fields: readonly string[], limit: number): { text: string; isCut: boolean } {
  let left = MAX_FIELD;
  const shown: string[] = [];
  for (const field of fields) {
    let groupIs = '';
    for (const item of parseAddressList(field.slice(0, left))) {
      if (item.kind === 'group-begins') groupIs = item.displayName;
      else if (item.kind === 'group-ends')
        shown.push(groupIs); // of a group with members, these alone
      else {
        groupIs = '';
        shown.push(item.kind === 'mailbox' ? textOf(item) : headerText(item.text));
      }
    }
    left = Math.max(0, left - field.length);
  }
  const filled = shown.filter((each) => each !== '');
  const isCut = filled.length > limit || fields.reduce((sum, { length }) => sum + length, 0) > MAX_FIELD;
  return { text: filled.slice(0, limit).join(', ') + (isCut ? ', …' : ''), isCut };
}

function textOf({ displayName, localPart, domain }: Mailbox): string {
  const shown = SHOWN_WITHOUT_QUOTES.test(localPart) ? localPart : quoted(localPart);
  return mailboxText(displayName, headerText(`${shown}@${domain}`));
}
