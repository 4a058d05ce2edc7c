import { addressTokens } from './address-tokens.ts';
import type { AddressToken } from './address-tokens.ts';
import { decodeEncodedWords } from './encoded-words.ts';
import { oneLine } from './header-text.ts';

/** One mailbox of an address field. */
export interface Mailbox {
  readonly kind: 'mailbox';
  /** For people: decoded, one line, nothing that steers, at most 80 characters. '' for none. */
  readonly displayName: string;
  /** The name in whole, and the comments beside it: what other mail programs may show. */
  readonly words: string;
  /** Quotes and escapes of the grammar undone: compare and mail only what `parseMailAddress` makes of it and the domain. */
  readonly localPart: string;
  /** As it is written: maybe in Unicode, maybe a literal in brackets. */
  readonly domain: string;
  /** The grammar (RFC 5322 with its obsolete forms) has just this reading; false when it had to be guessed. */
  readonly isClear: boolean;
}

/** What stands in an address field, in order: mailboxes, the edges of groups, and pieces in which no address could be found. */
export type AddressListItem =
  | Mailbox
  | { readonly kind: 'group-begins'; readonly displayName: string }
  | { readonly kind: 'group-ends' }
  | { readonly kind: 'unreadable'; readonly text: string };

/** 80 characters: a display name longer than that is no name. */
const MAX_DISPLAY_NAME = 80;
/** Before it is decoded: 80 characters in encoded words take no more. */
const MAX_WORDS = 2000;
const PHRASE: ReadonlySet<AddressToken['kind']> = new Set(['atom', 'encoded-word', 'quoted', 'comment', '.']);

/**
 * Reads From, To, Cc … (RFC 5322 §3.4 and §4.4, RFC 2047, RFC 6532), forgiving as mailboxes demand, in linear time. Structure comes first
 * and encoded words are decoded after it: none can pass for an address.
 *
 * @param field its text, as `MailHeader` gives it
 */
export function parseAddressList(field: string): AddressListItem[] {
  const items: AddressListItem[] = [];
  let entry = new Entry(field);
  let isInGroup = false;
  const endEntry = () => {
    const item = entry.item();
    if (item) items.push(item);
    entry = new Entry(field);
  };
  for (const token of addressTokens(field)) {
    if (token.kind === ':' && !isInGroup && entry.isPhrase) {
      items.push({ kind: 'group-begins', displayName: entry.displayName() });
      entry = new Entry(field);
      isInGroup = true;
    } else if ((token.kind === ',' && !entry.isInRoute) || token.kind === ';') {
      endEntry();
      if (token.kind === ';' && isInGroup) {
        items.push({ kind: 'group-ends' });
        isInGroup = false;
      }
    } else {
      entry.take(token);
    }
  }
  endEntry();
  if (isInGroup) items.push({ kind: 'group-ends' });
  return items;
}

/** What stands between two commas. */
class Entry {
  private readonly tokens: AddressToken[] = [];
  private readonly comments: AddressToken[] = [];
  private angle: 'none' | 'opened' | 'route' | 'address' = 'none';
  private readonly field: string;
  isPhrase = true;

  constructor(field: string) {
    this.field = field;
  }

  /** `<@one.example,@two.example:` (RFC 5322 §4.4): only there is a comma no end. */
  get isInRoute(): boolean {
    return this.angle === 'route';
  }

  take(token: AddressToken): void {
    this.isPhrase &&= PHRASE.has(token.kind);
    if (token.kind === 'comment') {
      this.comments.push(token);
      return;
    }
    this.tokens.push(token);
    if (token.kind === '<') this.angle = 'opened';
    else if (token.kind === '>') this.angle = 'none';
    else if (this.angle === 'opened') this.angle = token.kind === '@' ? 'route' : 'address';
    else if (this.angle === 'route' && token.kind === ':') this.angle = 'address';
  }

  displayName(): string {
    return shown(this.words(this.tokens));
  }

  /** @returns null where there is nothing but white space and comments */
  item(): AddressListItem | null {
    const [first] = this.tokens;
    const last = this.tokens.at(-1);
    if (!first || !last) return null;
    const unreadable = { kind: 'unreadable', text: this.field.slice(first.start, last.end) } as const;
    const open = this.tokens.findIndex(({ kind }) => kind === '<');
    if (open < 0) return this.mailbox(this.tokens, [], true) ?? unreadable;
    const close = this.tokens.findIndex(({ kind }) => kind === '>');
    const before = this.tokens.slice(0, open);
    const within = this.tokens.slice(open + 1, close < 0 ? undefined : close);
    const behind = close < 0 ? [] : this.tokens.slice(close + 1);
    if (behind.some(({ kind }) => kind === '<')) return unreadable;
    const isClear = close > open && behind.length === 0 && isNameOf(before, within);
    return this.mailbox(withoutRoute(within), before, isClear) ?? unreadable;
  }

  private mailbox(address: readonly AddressToken[], name: readonly AddressToken[], isClear: boolean): Mailbox | null {
    const spec = addressSpec(address);
    if (!spec) return null;
    const words = this.words(name);
    const comments = this.comments.map(({ text }) => text).join(' ');
    // `anna@example.com (Anna Berg)`: the name in a comment is how it was written before RFC 822.
    const displayName = shown(words === '' ? comments : this.named(words));
    return { kind: 'mailbox', displayName, words: decoded(`${words} ${comments}`), ...spec, isClear };
  }

  /** With what is said of the person beside the name: `Jason Lee (Sales)`. */
  private named(words: string): string {
    return [words, ...this.comments.filter(({ text }) => text.trim() !== '').map(({ text }) => `(${text})`)].join(' ');
  }

  /** Spaces stand where something stood between the tokens. */
  private words(tokens: readonly AddressToken[]): string {
    let end = tokens[0]?.start;
    return tokens
      .map((token) => {
        const space = token.start === end ? '' : ' ';
        end = token.end;
        return space + token.text;
      })
      .join('');
  }
}

/** A phrase; or, unquoted as many programs write it, the very address that follows in brackets. */
function isNameOf(before: readonly AddressToken[], within: readonly AddressToken[]): boolean {
  if (before.every(({ kind }) => PHRASE.has(kind))) return true;
  const [named, meant] = [addressSpec(before), addressSpec(within)];
  return named !== null && named.localPart === meant?.localPart && named.domain === meant.domain;
}

function withoutRoute(tokens: readonly AddressToken[]): readonly AddressToken[] {
  if (tokens[0]?.kind !== '@') return tokens;
  const colon = tokens.findIndex(({ kind }) => kind === ':');
  return colon < 0 ? [] : tokens.slice(colon + 1);
}

/** Words with dots between them, an at sign, and a domain or a literal; white space and comments anywhere (§4.4). */
function addressSpec(tokens: readonly AddressToken[]): { localPart: string; domain: string } | null {
  const at = tokens.findIndex(({ kind }) => kind === '@');
  const local = tokens.slice(0, Math.max(0, at));
  const domain = tokens.slice(at + 1);
  const [first] = domain;
  if (local.length === 0 || !first || !isDotted(local, ['atom', 'quoted'])) return null;
  const isLiteral = first.kind === 'literal' && domain.length === 1;
  if (!isLiteral && !isDotted(domain, ['atom'])) return null;
  const text = (of: readonly AddressToken[]) => of.map((token) => token.text).join('');
  return { localPart: text(local), domain: isLiteral ? `[${first.text}]` : text(domain) };
}

/** Dots too many are forgiven: some providers hand out such addresses. */
function isDotted(tokens: readonly AddressToken[], words: readonly AddressToken['kind'][]): boolean {
  return tokens.every(
    ({ kind }, index) => kind === '.' || (words.includes(kind) && (index === 0 || tokens[index - 1]?.kind === '.')),
  );
}

function decoded(words: string): string {
  return oneLine(decodeEncodedWords(words.slice(0, MAX_WORDS)));
}

function shown(words: string): string {
  return decoded(words).slice(0, MAX_DISPLAY_NAME).trim().toWellFormed();
}
