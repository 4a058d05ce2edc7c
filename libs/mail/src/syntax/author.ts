import { parseWrittenAddress } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import { parseAddressList } from './address-list.ts';
import type { Mailbox } from './address-list.ts';
import type { MailHeader } from './header-fields.ts';
import { headerText } from './header-text.ts';
import { canonicalAddress, mailboxText } from './mailbox-text.ts';

/** Who wrote a mail, or sent it for somebody: one mailbox. */
export interface Author {
  readonly address: MailAddress;
  /** For people: one line, decoded, at most 80 characters. '' for none. */
  readonly displayName: string;
  /** The name, or a comment beside it, reads as another address than this one. */
  readonly namesAnother: boolean;
}

/**
 * Why a field names no single clear author:
 * - `repeated`: it stands more than once, and programs differ in which one they show
 * - `several`: it names more than one address
 * - `group`: it names a group
 * - `unreadable`: some of it is no address, or could be read in more than one way
 * - `not-plain`: its address has no canonical form: words in quotes, a literal, letters that could be taken for others
 * - `empty`: it names nobody
 * - `too-long`: it is longer than any author
 */
export type AuthorFault = 'repeated' | 'several' | 'group' | 'unreadable' | 'not-plain' | 'empty' | 'too-long';

/**
 * What a field that names an author comes to. The one result for everything: what is checked against what a program may write as,
 * what the page shows and warns of, and what is written into a carrier.
 */
export type AuthorField = {
  /** Every address that was understood anywhere in it: whom a reader might see, whatever else is wrong. */
  readonly names: readonly MailAddress[];
} & (
  | { readonly kind: 'missing' }
  | { readonly kind: 'one'; readonly author: Author }
  | { readonly kind: 'unclear'; readonly fault: AuthorFault; readonly text: string }
);

/** 8 Ki characters: a name of 80 and an address of 254 take 2 Ki at the very worst. */
const MAX_AUTHOR_FIELD = 8 * 1024;

/** @param name `from` or `sender` */
export function authorField(header: MailHeader, name: 'from' | 'sender'): AuthorField {
  const fields = header.all(name);
  if (fields.length === 0) return { kind: 'missing', names: [] };
  const items = fields.flatMap((field) => parseAddressList(field.slice(0, MAX_AUTHOR_FIELD)));
  const mailboxes = items.filter((item) => item.kind === 'mailbox');
  const names = [...new Set(mailboxes.map(canonicalAddress).filter((address) => address !== null))];
  const unclear = (fault: AuthorFault): AuthorField => ({
    kind: 'unclear',
    fault,
    text: headerText(fields.join(', ')),
    names,
  });
  const [mailbox] = mailboxes;
  if (fields.length > 1) return unclear('repeated');
  if (fields.some((field) => field.length > MAX_AUTHOR_FIELD)) return unclear('too-long');
  if (items.some(({ kind }) => kind === 'group-begins')) return unclear('group');
  if (items.some((item) => item.kind === 'unreadable' || (item.kind === 'mailbox' && !item.isClear)))
    return unclear('unreadable');
  if (!mailbox) return unclear('empty');
  if (mailboxes.length > 1) return unclear('several');
  const address = canonicalAddress(mailbox);
  if (address === null) return unclear('not-plain');
  return { kind: 'one', names, author: authorOf(mailbox, address) };
}

function authorOf({ displayName, words }: Mailbox, address: MailAddress): Author {
  return { address, displayName, namesAnother: namesAnother(words, address) };
}

/** Punctuation of the text that an address stands in. */
const AROUND = /^['’‘“”«»]+|['’‘“”«».!?…]+$/g;

/** As a person reads it: full-width forms as what they look like, nothing invisible between, space around the at sign or not. */
function namesAnother(words: string, address: MailAddress): boolean {
  const seen = words.normalize('NFKC').replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '');
  const candidates = [
    ...(seen.match(/[^\s<>"(),;:]+@[^\s<>"(),;:]+/g) ?? []),
    ...(seen.match(/[^\s<>"(),;:@]{1,64} ?@ ?[^\s<>"(),;:@.]{1,64}\.[^\s<>"(),;:@]{1,200}/g) ?? []),
  ];
  return candidates.some((candidate) => {
    try {
      return parseWrittenAddress(candidate.replace(/ /g, '').replace(AROUND, '')) !== address;
    } catch {
      return true;
    }
  });
}

/** The From field, or in place of a missing one the sender of the envelope: in the carrier, on the page and in what is checked. */
export function writtenBy(field: AuthorField, sender: MailAddress): Exclude<AuthorField, { kind: 'missing' }> {
  if (field.kind !== 'missing') return field;
  return { kind: 'one', names: [sender], author: { address: sender, displayName: '', namesAnother: false } };
}

/** The From line for people; '' where the mail has none. */
export function authorText(field: AuthorField): string {
  switch (field.kind) {
    case 'missing':
      return '';
    case 'one':
      return mailboxText(field.author.displayName, field.author.address);
    case 'unclear':
      return field.text;
  }
}
