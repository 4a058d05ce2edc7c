import { domainToASCII } from 'node:url';
import addressparser from 'nodemailer/lib/addressparser';
import { decodeEncodedWords } from './encoded-words.ts';
import { headerText, MAX_FIELD, oneLine } from './header-text.ts';

/** One mailbox of an address field, or the edge of a group, in the order in which they stand. */
export type AddressListItem =
  | { readonly kind: 'mailbox'; readonly displayName: string; readonly address: string }
  | { readonly kind: 'group-begins'; readonly displayName: string }
  | { readonly kind: 'group-ends' };

type Token = { readonly kind: 'text' | 'quoted' | 'comment' | 'angle' | ',' | ';' | ':'; readonly text: string };

const DOT_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.+[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\\.?";
const LOCAL_PART = new RegExp(`^(?:${DOT_ATOM}|"[ !#-\\[\\]-~]{0,62}")$`);
const DOMAIN = /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Za-z:.]+\])$/;

/**
 * Reads the value of From, To, Cc … (RFC 5322 §3.4), forgiving as mailboxes demand and in linear time. What it gives is only for
 * showing: envelopes are made of `MailAddress` alone. A mailbox whose address cannot stand in a header of plain ASCII is left out.
 *
 * @param value Unicode text without line ends; encoded words are still encoded
 */
export function parseAddressList(value: string): AddressListItem[] {
  const items: AddressListItem[] = [];
  let entry: Token[] = [];
  let isInGroup = false;
  const endEntry = () => {
    const mailbox = mailboxOf(entry);
    if (mailbox) items.push(mailbox);
    entry = [];
  };
  for (const token of tokens(value)) {
    if (token.kind === ':' && !isInGroup && entry.every(({ kind }) => kind !== 'angle')) {
      items.push({ kind: 'group-begins', displayName: phraseOf(entry) });
      entry = [];
      isInGroup = true;
    } else if (token.kind === ',' || token.kind === ';') {
      endEntry();
      if (token.kind === ';' && isInGroup) {
        items.push({ kind: 'group-ends' });
        isInGroup = false;
      }
    } else {
      entry.push(token);
    }
  }
  endEntry();
  if (isInGroup) items.push({ kind: 'group-ends' });
  return items;
}

function mailboxOf(entry: readonly Token[]): AddressListItem | null {
  const angle = entry.find(({ kind }) => kind === 'angle');
  if (angle) {
    const address = asciiAddress(angle.text);
    const displayName = phraseOf(entry.filter((token) => token !== angle));
    return address === null ? null : { kind: 'mailbox', displayName, address };
  }
  const words = entry.filter(({ kind }) => kind === 'text' || kind === 'quoted');
  const address = asciiAddress(words.map(({ kind, text }) => (kind === 'quoted' ? `"${text}"` : text)).join(''));
  if (!address) return null;
  // `anna@example.com (Anna Berg)`: the name in a comment is how it was written before RFC 822.
  return { kind: 'mailbox', displayName: textOf(entry, 'comment'), address };
}

function phraseOf(entry: readonly Token[]): string {
  const phrase = entry.filter(({ kind }) => kind === 'text' || kind === 'quoted' || kind === ':');
  return phrase.length > 0 ? phrase.map(({ text }) => text).join(' ') : textOf(entry, 'comment');
}

function textOf(entry: readonly Token[], wanted: Token['kind']): string {
  return entry
    .filter(({ kind }) => kind === wanted)
    .map(({ text }) => text)
    .join(' ');
}

function asciiAddress(text: string): string | null {
  const address = text.trim();
  const at = address.lastIndexOf('@');
  if (at < 1 || address.length > 254) return null;
  const localPart = address.slice(0, at);
  let domain = address.slice(at + 1);
  if (/\P{ASCII}/u.test(domain)) domain = domainToASCII(domain);
  return LOCAL_PART.test(localPart) && DOMAIN.test(domain) ? `${localPart}@${domain}` : null;
}

function* tokens(value: string): Generator<Token> {
  let at = 0;
  while (at < value.length) {
    const character = value.charAt(at);
    if (/\s/.test(character)) {
      at++;
    } else if (character === ',' || character === ';' || character === ':') {
      yield { kind: character, text: character };
      at++;
    } else if (character === '"' || character === '(' || character === '<') {
      const { text, end } = enclosed(value, at);
      yield { kind: character === '"' ? 'quoted' : character === '(' ? 'comment' : 'angle', text };
      at = end;
    } else {
      const end = endOfText(value, at);
      yield { kind: 'text', text: value.slice(at, end) };
      at = end;
    }
  }
}

/** Everything up to white space or a character with a meaning; never nothing, so that a stray `>` or `)` is passed. */
function endOfText(value: string, start: number): number {
  let end = start + 1;
  while (end < value.length && !/[\s,;:"(<]/.test(value.charAt(end))) end++;
  return end;
}

/** The inside of a quoted string, a comment (they nest) or angle brackets, or of what was left open all the rest. */
function enclosed(value: string, start: number): { text: string; end: number } {
  const opening = value.charAt(start);
  const closing = opening === '"' ? '"' : opening === '(' ? ')' : '>';
  let text = '';
  let depth = 1;
  for (let at = start + 1; at < value.length; at++) {
    const character = value.charAt(at);
    if (character === '\\' && opening !== '<') {
      text += value.charAt(++at);
      continue;
    }
    if (character === closing && --depth === 0) return { text, end: at + 1 };
    if (character === opening && opening === '(') depth++;
    text += character;
  }
  return { text, end: value.length };
}

/** `Name <address>, …`: parsed before it is decoded, so that no encoded word can pass for an address. */
export function addressesText(values: readonly string[], limit: number): { text: string; isCut: boolean } {
  const joined = values.join(', ');
  let list: { name: string; address: string }[];
  try {
    list = addressparser(joined.slice(0, MAX_FIELD), { flatten: true });
  } catch {
    return { text: headerText(joined), isCut: joined.length > MAX_FIELD };
  }
  const shown = list
    .slice(0, limit)
    .map(({ name, address }) => mailbox(oneLine(decodeEncodedWords(name)), oneLine(decodeEncodedWords(address))));
  const isCut = list.length > limit || joined.length > MAX_FIELD;
  return { text: shown.filter((each) => each !== '').join(', ') + (isCut ? ', …' : ''), isCut };
}

function mailbox(name: string, address: string): string {
  if (name === '' || name === address) return address;
  const shown = /[<>@,;:"]/.test(name) ? `"${name.replaceAll('"', "'")}"` : name;
  return address === '' ? shown : `${shown} <${address}>`;
}
