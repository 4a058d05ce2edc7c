import { domainToASCII } from 'node:url';
import { AddressRefused, parseMailAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { parseAddressList } from './address-list.ts';
import type { Mailbox } from './address-list.ts';
import { headerText, MAX_FIELD } from './header-text.ts';

const DOT_ATOM = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~.-]+$/u;
const DOMAIN = /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Za-z:.]+\])$/;
const MAX_ADDRESS = 254;

/** The address of a mailbox in its one canonical form; null when it has none. */
export function canonicalAddress({ localPart, domain }: Pick<Mailbox, 'localPart' | 'domain'>): MailAddress | null {
  try {
    return parseMailAddress(`${localPart}@${domain}`);
  } catch (error) {
    if (error instanceof AddressRefused) return null;
    throw error;
  }
}

/** The address as it may stand in a header of plain ASCII; null when it cannot. */
export function asciiAddress({ localPart, domain }: Mailbox): string | null {
  const ascii = /\P{ASCII}/u.test(domain) ? domainToASCII(domain) : domain;
  const address = `${quotedIfNeeded(localPart)}@${ascii}`;
  return DOMAIN.test(ascii) && /^[ -~]+$/.test(address) && address.length <= MAX_ADDRESS ? address : null;
}

function quotedIfNeeded(localPart: string): string {
  return DOT_ATOM.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`;
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

function textOf(mailbox: Mailbox): string {
  return mailboxText(mailbox.displayName, headerText(`${quotedIfNeeded(mailbox.localPart)}@${mailbox.domain}`));
}
