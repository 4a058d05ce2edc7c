import { AddressRefused, parseMailAddress } from '#libs/vocabulary';
import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { parseAddressList } from '../syntax/address-list.ts';
import type { AddressListItem } from '../syntax/address-list.ts';
import { asEncodedWords, decodeEncodedWords } from '../syntax/encoded-words.ts';
import type { MailHeader } from '../syntax/header-fields.ts';

/** What stands in for what the original does not say. */
export interface KeptHeaderFallbacks {
  readonly messageId: MessageId;
  readonly portalHost: string;
  readonly sender: MailAddress;
  readonly sealedAt: Instant;
}

/**
 * Octets of a field in the carrier, at most. A carrier is at most 1.34 × the mail + 16 KiB, and what is kept stands in it once
 * sealed and once in clear: so a list of hundreds of recipients is cut in the carrier, never in the seal.
 */
const MAX_FIELD_OCTETS = { from: 500, sender: 400, 'reply-to': 400, to: 1000, cc: 800, references: 800 };
/** 32 Ki characters of a field are looked at: many times what is kept of it. */
const MAX_READ_CHARACTERS = 32 * 1024;
/** 80 characters: a display name longer than that is no name. */
const MAX_DISPLAY_NAME = 80;
/** 256 characters: RFC 5322 sets no limit but the line's; real ones are under 100. */
const MAX_INTERNET_MESSAGE_ID = 256;
/** Controls, separators, and what turns the reading direction round. */
const UNFIT = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]+/gu;

/**
 * The header fields of the original that a carrier keeps, so that it lands in the right conversation: From, Sender, Reply-To, To,
 * Cc, Date, Message-ID, In-Reply-To, References and Auto-Submitted, each written anew from what was understood of it. Nothing is
 * copied, so nothing can be injected: names become quoted strings or encoded words, addresses and ids are plain ASCII of
 * their grammar or are left out. Bcc and the subject never appear. Of a field that may stand once, the first counts.
 *
 * @returns lines of at most 78 octets where they can be folded, CRLF at each end
 */
export function keptHeaders(header: MailHeader, fallbacks: KeptHeaderFallbacks): string {
  const first = (name: string) => header.first(name);
  const from = addresses(header, 'from', false);
  const to = addresses(header, 'to', true);
  const cc = addresses(header, 'cc', true);
  const sender = addresses(header, 'sender', false);
  const isTo = to.length > 0 || cc.length === 0;
  const lines = [
    foldedList('From', from.length > 0 ? from : [fallbacks.sender], MAX_FIELD_OCTETS.from),
    // RFC 5322 §3.6.2: several authors need a sender.
    sender.length > 0 || from.length > 1
      ? foldedList('Sender', sender.length > 0 ? sender.slice(0, 1) : [fallbacks.sender], MAX_FIELD_OCTETS.sender)
      : '',
    optional(foldedList, 'Reply-To', addresses(header, 'reply-to', false), MAX_FIELD_OCTETS['reply-to']),
    isTo ? foldedList('To', to.length > 0 ? to : ['undisclosed-recipients:;'], MAX_FIELD_OCTETS.to) : '',
    optional(foldedList, 'Cc', cc, MAX_FIELD_OCTETS.cc),
    `Date: ${dateOf(first('date')) ?? new Date(fallbacks.sealedAt).toUTCString().replace('GMT', '+0000')}\r\n`,
    `Message-ID: ${internetMessageIds(first('message-id'))[0] ?? `<${fallbacks.messageId}@${fallbacks.portalHost}>`}\r\n`,
    optional(foldedIds, 'In-Reply-To', internetMessageIds(first('in-reply-to')).slice(0, 1), 0),
    optional(foldedIds, 'References', internetMessageIds(first('references')), MAX_FIELD_OCTETS.references),
    autoSubmitted(first('auto-submitted')),
  ];
  return lines.join('');
}

/**
 * Whom a carrier would name as author or sender, for comparing with what a client may use: From and Sender, in their canonical
 * form. What has none is never named, so nobody can be passed off as an author by being spelt strangely.
 */
export function authorsOf(header: MailHeader): MailAddress[] {
  return [...header.all('from'), ...header.all('sender')]
    .flatMap(parseAddressList)
    .flatMap((item) => (item.kind === 'mailbox' ? [canonical(item.address)] : []))
    .filter((address) => address !== null);
}

const AUTHOR_FIELDS: ReadonlySet<string> = new Set(['from', 'sender']);

function canonical(address: string): MailAddress | null {
  try {
    return parseMailAddress(address);
  } catch (error) {
    if (error instanceof AddressRefused) return null;
    throw error;
  }
}

function optional(
  fold: (name: string, items: readonly string[], maxOctets: number) => string,
  name: string,
  items: readonly string[],
  maxOctets: number,
): string {
  return items.length > 0 ? fold(name, items, maxOctets) : '';
}

/** The fields of a name as a list in which each piece is fit to stand alone: a mailbox, or a group with its members. */
function addresses(header: MailHeader, name: string, mayRepeat: boolean): string[] {
  const values = mayRepeat ? header.all(name) : [header.first(name)];
  const list = values.map((value) => value.slice(0, MAX_READ_CHARACTERS)).flatMap(parseAddressList);
  const written: string[] = [];
  let group: { begins: string; members: string[] } | null = null;
  for (const item of list) {
    if (item.kind === 'group-begins') {
      group = { begins: phrase(item.displayName) || 'group', members: [] };
    } else if (item.kind === 'mailbox') {
      if (AUTHOR_FIELDS.has(name) && canonical(item.address) === null) continue;
      (group?.members ?? written).push(mailbox(item));
    } else if (group) {
      // A group is kept as long as it is a hint, not a list: its members count as recipients of their own otherwise.
      if (group.members.length === 0) written.push(`${group.begins}:;`);
      else written.push(...group.members);
      group = null;
    }
  }
  return written;
}

function mailbox({ displayName, address }: Extract<AddressListItem, { kind: 'mailbox' }>): string {
  const name = phrase(displayName);
  return name === '' ? address : `${name} <${address}>`;
}

/** A display name as RFC 5322 §3.2.5 and RFC 2047 §5 (3) let it stand; '' for none. */
function phrase(displayName: string): string {
  const name = decodeEncodedWords(displayName.slice(0, 4 * MAX_DISPLAY_NAME))
    .replace(UNFIT, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_DISPLAY_NAME)
    .toWellFormed();
  // What still looks like an encoded word is text: it must not become one.
  if (/\P{ASCII}/u.test(name) || name.includes('=?')) return asEncodedWords(name);
  return /^[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*$/.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
}

function internetMessageIds(value: string): string[] {
  return (value.match(/<[!#-;=?-~]{1,254}>/g) ?? [])
    .filter((id) => id.length <= MAX_INTERNET_MESSAGE_ID)
    .slice(0, 2000);
}

/** A date is kept as it was written, zone and all. */
function dateOf(value: string): string | null {
  const text = value.replace(/\s+/g, ' ');
  const isOne = /^[A-Za-z0-9 ,:+-]{10,60}(\([A-Za-z0-9 +:-]{1,30}\))?$/.test(text) && !Number.isNaN(Date.parse(text));
  return isOne ? text : null;
}

/** RFC 3834 §5: kept, so that nobody's automatic reply answers an automatic mail. */
function autoSubmitted(value: string): string {
  const keyword = /^\s*(no|auto-generated|auto-replied|auto-notified)\b/i.exec(value)?.[1];
  return keyword ? `Auto-Submitted: ${keyword.toLowerCase()}\r\n` : '';
}

/** As many pieces as fit, from the front; at least one, so a field never ends up empty. */
function foldedList(name: string, items: readonly string[], maxOctets: number): string {
  const kept: string[] = [];
  let octets = name.length + 2;
  for (const item of items) {
    octets += item.length + 4;
    if (octets > maxOctets && kept.length > 0) break;
    kept.push(item);
  }
  return fold(
    name,
    kept.map((item, index) => (index < kept.length - 1 ? `${item},` : item)),
  );
}

/** The first and the latest ids: what threads are made of (RFC 5322 §3.6.4). */
function foldedIds(name: string, ids: readonly string[], maxOctets: number): string {
  const [root = '', ...rest] = ids;
  const kept: string[] = [];
  let octets = name.length + 2 + root.length;
  for (const id of rest.reverse()) {
    octets += id.length + 3;
    if (octets > maxOctets) break;
    kept.unshift(id);
  }
  return fold(name, [root, ...kept]);
}

function fold(name: string, pieces: readonly string[]): string {
  let text = `${name}:`;
  let column = text.length;
  // Encoded words of one name may be folded apart; quoted strings may not.
  for (const piece of pieces.flatMap((each) => (each.startsWith('=?') ? each.split(' ') : [each]))) {
    const breaks = column + 1 + piece.length > 78 && column > name.length + 1;
    text += breaks ? `\r\n ${piece}` : ` ${piece}`;
    column = breaks ? piece.length + 1 : column + 1 + piece.length;
  }
  return `${text}\r\n`;
}
