import { domainToASCII } from 'node:url';
import { DomainError } from './domain-error.ts';
import { foldedLocalPart, isDotString, isWordsAndDots } from './local-part.ts';

/**
 * One mail address in its one canonical form: what is mailed, proven and compared is this string, byte for byte. The local part in NFC
 * with its capitals folded, in quotes only where its dots need them (`"a..b."@docomo.ne.jp`, RFC 5321 §4.1.2); the domain as A-labels
 * (UTS #46, RFC 5891). Nothing else is folded: not dots, not plus tags, never Unicode by NFKC, since a mailbox that a reader
 * proves must be the mailbox that mail reaches. ASCII but for local parts that are not (RFC 6531).
 */
export type MailAddress = string & { readonly __brand: 'MailAddress' };

/** Why an address was refused; stable words, used as keys of the texts that people read. */
export type AddressRefusal =
  | 'empty'
  | 'not-one-at-sign'
  | 'control-or-space'
  | 'unclear-letters'
  | 'quoted-or-comment'
  | 'routing-character'
  | 'dots-need-quotes'
  | 'bad-local-part'
  | 'domain-literal'
  | 'bad-domain'
  | 'too-long';

/** Someone gave us what is not one plain address. The address itself is not in the message: it may be personal. */
export class AddressRefused extends DomainError {
  readonly refusal: AddressRefusal;

  constructor(refusal: AddressRefusal) {
    super('address-refused', `not one plain mail address: ${refusal}`);
    this.refusal = refusal;
  }
}

/** 64 octets: RFC 5321 §4.5.3.1.1. */
const MAX_LOCAL_PART_OCTETS = 64;
/** 254 octets: the path limit of RFC 5321 §4.5.3.1.3 less its angle brackets. */
const MAX_ADDRESS_OCTETS = 254;
/** A label as hosts may be named: RFC 1123 §2.1 on RFC 952. */
const LDH_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/**
 * Code points that UTS #46 drops in silence (default-ignorable: soft hyphen, zero-width, variation selectors, tags …) and
 * characters that only look like a dot or an at sign: an address with them does not read as what it resolves to.
 */
const INVISIBLE_OR_LOOKALIKE =
  /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u3002\uff0e\uff61\uff20\ufe6b]/u;

/** Where dots at an end of a local part, and several in a row, need no quotes: canonical domains, or everywhere. */
export type UnquotedDotsAt = readonly string[] | 'everywhere';

/**
 * The one place where an address is made canonical, for every entrance: gateway, API, command line, portal and sign-in.
 * Idempotent: a canonical address comes back as it is.
 *
 * @throws AddressRefused for anything that is not exactly one plain address (threats.md A17).
 */
export function parseMailAddress(text: string, unquotedDotsAt: UnquotedDotsAt = []): MailAddress {
  if (text.length === 0) throw new AddressRefused('empty');
  if (text.length > 1024) throw new AddressRefused('too-long');
  if (/[\p{Cc}\p{White_Space}]/u.test(text)) throw new AddressRefused('control-or-space');
  const quoted = /^"([^"\\]*)"(?=@)/.exec(text);
  const plain = quoted === null ? text : text.slice(quoted[0].length);
  if (/["()<>,;:\\]/.test(`${plain}${quoted?.[1] ?? ''}`)) throw new AddressRefused('quoted-or-comment');
  const at = text.indexOf('@');
  if (at < 0 || at !== text.lastIndexOf('@')) throw new AddressRefused('not-one-at-sign');
  const localPart = quoted?.[1] ?? text.slice(0, at);
  const address = mailAddressOf(localPart, text.slice(at + 1));
  const isLoose = quoted === null && address.startsWith('"') && unquotedDotsAt !== 'everywhere';
  if (isLoose && !unquotedDotsAt.includes(address.slice(address.lastIndexOf('@') + 1)))
    throw new AddressRefused('dots-need-quotes');
  return address;
}

/**
 * As people and sign-in providers write an address: dots anywhere need no quotes, since quoted or not it is the same mailbox.
 * @throws AddressRefused
 */
export function parseWrittenAddress(text: string): MailAddress {
  return parseMailAddress(text, 'everywhere');
}

/** @param localPart without quotes and escapes @throws AddressRefused */
export function mailAddressOf(localPart: string, domainText: string): MailAddress {
  if (/[%!]/.test(localPart)) throw new AddressRefused('routing-character');
  if (!isWordsAndDots(localPart)) throw new AddressRefused('bad-local-part');
  const folded = foldedLocalPart(localPart);
  if (folded === null) throw new AddressRefused('unclear-letters');
  const written = isDotString(folded) ? folded : `"${folded}"`;
  const domain = canonicalDomain(domainText);
  const octets = Buffer.byteLength(written);
  if (octets > MAX_LOCAL_PART_OCTETS || octets + 1 + domain.length > MAX_ADDRESS_OCTETS)
    throw new AddressRefused('too-long');
  return `${written}@${domain}` as MailAddress;
}

function canonicalDomain(text: string): string {
  if (text.startsWith('[')) throw new AddressRefused('domain-literal');
  // What is no host name in ASCII is refused as it stands: as in a URL, `%61` would be an a, and `/` an end.
  if (/[^\P{ASCII}A-Za-z0-9.-]/u.test(text) || INVISIBLE_OR_LOOKALIKE.test(text))
    throw new AddressRefused('bad-domain');
  const ascii = domainToASCII(text);
  const labels = ascii.split('.');
  // A host name has a dot, and a top-level domain is never all digits (RFC 3696 §2): refuses "127.1", which is an IP address.
  if (labels.length < 2 || !labels.every((label) => LDH_LABEL.test(label))) throw new AddressRefused('bad-domain');
  if (/^\d+$/.test(labels.at(-1) ?? '')) throw new AddressRefused('bad-domain');
  if (ascii !== domainToASCII(ascii)) throw new AddressRefused('bad-domain');
  return ascii;
}

/**
 * An address that its owner recognises and a stranger cannot use: `anna.berg@example.com` → `a••••••@example.com`. The number of
 * dots says nothing about the length.
 */
export function maskAddress(address: MailAddress): string {
  const [first = ''] = address.replace('"', '');
  return `${first}••••••${address.slice(address.lastIndexOf('@'))}`;
}
