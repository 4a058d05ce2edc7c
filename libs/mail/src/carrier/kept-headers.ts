import type { Instant, MailAddress, MessageId } from '#libs/vocabulary';
import { parseAddressList } from '../syntax/address-list.ts';
import { authorField } from '../syntax/author.ts';
import type { Author } from '../syntax/author.ts';
import { asEncodedWords } from '../syntax/encoded-words.ts';
import type { MailHeader } from '../syntax/header-fields.ts';
import { headerAddress } from '../syntax/mailbox-text.ts';

/** What is known of the mail besides its header. */
export interface KeptHeaderFacts {
  /** What the From field came to (`authorField`), or who stands in for a missing one. */
  readonly author: Pick<Author, 'address' | 'displayName'>;
  readonly messageId: MessageId;
  readonly portalHost: string;
  readonly sealedAt: Instant;
  readonly recipient?: MailAddress;
}

/**
 * Octets of a field in the carrier, at most. A carrier is at most 1.34 × the mail + 16 KiB, and what is kept stands in it once
 * sealed and once in clear: so a list of hundreds of recipients is cut in the carrier, never in the seal.
 */
const MAX_FIELD_OCTETS = { 'reply-to': 400, to: 700, cc: 500, references: 600 };
/** 32 Ki characters of a field are looked at: many times what is kept of it. */
const MAX_READ_CHARACTERS = 32 * 1024;
/** 256 characters: RFC 5322 sets no limit but the line's; real ones are under 100. */
const MAX_INTERNET_MESSAGE_ID = 256;
/**
 * The header fields of the original that a carrier keeps, so that it lands in the right conversation: From, Sender, Reply-To, To,
 * Cc, Date, Message-ID, In-Reply-To, References and Auto-Submitted, each written anew from what was understood of it. Nothing is
 * copied, so nothing can be injected: names become quoted strings or encoded words, addresses and ids are of their grammar or are left
 * out, and plain ASCII but for addresses where the mail is internationalised anyway. Bcc and the subject never appear. Of Reply-To, Date and the ids, the first counts.
 *
 * @returns lines of at most 78 octets where they can be folded, CRLF at each end
 */
export function keptHeaders(header: MailHeader, facts: KeptHeaderFacts): string {
  const first = (name: string) => header.first(name);
  const isUtf8 = carrierNeedsUtf8(header, facts);
  const to = addresses(header, 'to', { mayRepeat: true, isUtf8 });
  const cc = addresses(header, 'cc', { mayRepeat: true, isUtf8 });
  const sender = authorField(header, 'sender');
  const isTo = to.length > 0 || cc.length === 0;
  const lines = [
    fold('From', [written(facts.author.displayName, facts.author.address)]),
    // What names no single clear sender is never named: nothing shows it, and nobody could be passed off as one.
    sender.kind === 'one' ? fold('Sender', [written(sender.author.displayName, sender.author.address)]) : '',
    optional(
      foldedList,
      'Reply-To',
      addresses(header, 'reply-to', { mayRepeat: false, isUtf8 }),
      MAX_FIELD_OCTETS['reply-to'],
    ),
    isTo ? foldedList('To', to.length > 0 ? to : ['undisclosed-recipients:;'], MAX_FIELD_OCTETS.to) : '',
    optional(foldedList, 'Cc', cc, MAX_FIELD_OCTETS.cc),
    `Date: ${dateOf(first('date')) ?? new Date(facts.sealedAt).toUTCString().replace('GMT', '+0000')}\r\n`,
    `Message-ID: ${internetMessageIds(first('message-id'))[0] ?? `<${facts.messageId}@${facts.portalHost}>`}\r\n`,
    optional(foldedIds, 'In-Reply-To', internetMessageIds(first('in-reply-to')).slice(0, 1), 0),
    optional(foldedIds, 'References', internetMessageIds(first('references')), MAX_FIELD_OCTETS.references),
    autoSubmitted(first('auto-submitted')),
  ];
  return lines.join('');
}

/**
 * Whether a carrier must be internationalised (RFC 6532): who wrote it, sent it or gets it has a mailbox name beyond ASCII. Whom else the
 * mail names makes no difference: for them no next hop is passed over.
 */
export function carrierNeedsUtf8(
  header: MailHeader,
  { author, recipient }: Pick<KeptHeaderFacts, 'author' | 'recipient'>,
): boolean {
  const sender = authorField(header, 'sender');
  const named = [author.address, recipient ?? '', sender.kind === 'one' ? sender.author.address : ''];
  return /\P{ASCII}/u.test(named.join(''));
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
function addresses(
  header: MailHeader,
  name: string,
  { mayRepeat, isUtf8 }: { readonly mayRepeat: boolean; readonly isUtf8: boolean },
): string[] {
  const values = mayRepeat ? header.all(name) : [header.first(name)];
  const list = values.map((value) => value.slice(0, MAX_READ_CHARACTERS)).flatMap(parseAddressList);
  const kept: string[] = [];
  let group: { begins: string; members: string[] } | null = null;
  for (const item of list) {
    if (item.kind === 'group-begins') {
      group = { begins: phrase(item.displayName) || 'group', members: [] };
    } else if (item.kind === 'mailbox') {
      const address = headerAddress(item, isUtf8);
      if (address !== null) (group?.members ?? kept).push(written(item.displayName, address));
    } else if (item.kind === 'group-ends' && group) {
      // A group is kept as long as it is a hint, not a list: its members count as recipients of their own otherwise.
      if (group.members.length === 0) kept.push(`${group.begins}:;`);
      else kept.push(...group.members);
      group = null;
    }
  }
  return kept;
}

function written(displayName: string, address: string): string {
  const name = phrase(displayName);
  return name === '' ? address : `${name} <${address}>`;
}

/** A display name as RFC 5322 §3.2.5 and RFC 2047 §5 (3) let it stand; '' for none. */
function phrase(name: string): string {
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
