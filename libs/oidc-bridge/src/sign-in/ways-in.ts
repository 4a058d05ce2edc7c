import type { MailAddress } from '#libs/vocabulary';
import type { SignInRequest } from '../proof.ts';
import { NAMED_BY_DEFAULT } from '../settings.ts';
import type { OidcBridgeSettings, SharedMailboxRule } from '../settings.ts';
import type { Suitability, Upstream } from '../upstreams/upstream.ts';

/**
 * Whether a passcode may be had. `for-any`: the reader says for which address. `barred`: the mail of this address is seen by
 * others (threats.md A16). `not-enough`: the message asks for an account. `never`: a console is never served by a passcode.
 */
export type PasscodeWay = 'offered' | 'for-any' | 'barred' | 'not-enough' | 'never';

export function passcodeWay(
  { clientKind, wantedAddress, asks }: SignInRequest,
  { noPasscodeFor }: Pick<OidcBridgeSettings, 'noPasscodeFor'>,
): PasscodeWay {
  if (clientKind === 'console') return 'never';
  if (asks.includes('account')) return 'not-enough';
  if (wantedAddress === null) return 'for-any';
  return isListed(wantedAddress, noPasscodeFor) ? 'barred' : 'offered';
}

export interface AccountWay {
  readonly upstream: Upstream;
  /** Null when no address is wanted. */
  readonly suits: Suitability | null;
}

const ORDER: Readonly<Record<Suitability, number>> = { fits: 0, 'may-fit': 1, 'does-not-fit': 2 };

/** The accounts that will do for this sign-in, the best-fitting first, else as configured. A console takes staff alone. */
export function accountWays(
  { clientKind, wantedAddress }: Pick<SignInRequest, 'clientKind' | 'wantedAddress'>,
  { upstreams }: Pick<OidcBridgeSettings, 'upstreams'>,
): AccountWay[] {
  return upstreams
    .filter(({ givesRoles }) => clientKind !== 'console' || givesRoles)
    .map((upstream) => ({ upstream, suits: wantedAddress === null ? null : upstream.suits(wantedAddress) }))
    .sort((one, other) => ORDER[one.suits ?? 'fits'] - ORDER[other.suits ?? 'fits']);
}

/** What is asked of whoever proved this address by a passcode; null when it is nobody's but theirs. */
export function sharedMailboxRule(
  address: MailAddress,
  { sharedMailboxes }: Pick<OidcBridgeSettings, 'sharedMailboxes'>,
): SharedMailboxRule | null {
  return sharedMailboxes.find(({ mailboxes }) => isListed(address, mailboxes)) ?? null;
}

/** The organisation's rules for shared mailboxes, and for this sign-in one for the address whose message asks who reads. */
export function mailboxRulesFor(
  { asks, wantedAddress }: Pick<SignInRequest, 'asks' | 'wantedAddress'>,
  { sharedMailboxes }: Pick<OidcBridgeSettings, 'sharedMailboxes'>,
): Pick<OidcBridgeSettings, 'sharedMailboxes'> {
  if (wantedAddress === null || !asks.includes('reader')) return { sharedMailboxes };
  // Behind the configured ones: where one of those is for the mailbox, it decides.
  return { sharedMailboxes: [...sharedMailboxes, { mailboxes: [wantedAddress], reader: 'state' }] };
}

/** Whether an account says who reads at a shared mailbox. Where no rule is for the mailbox, whatever it says will do. */
export function isNamedByAccount(
  account: { readonly address: MailAddress | null },
  mailbox: MailAddress,
  rules: Pick<OidcBridgeSettings, 'sharedMailboxes'>,
): boolean {
  const rule = sharedMailboxRule(mailbox, rules);
  if (rule === null) return true;
  const { namedBy = NAMED_BY_DEFAULT } = rule;
  if (namedBy.includes('any-account')) return true;
  if (account.address === null) return false;
  return namedBy.includes(account.address === mailbox ? 'mailbox-account' : 'account-with-address');
}

/** A list names an address in its canonical form, or every address of a domain as `@example.com`: never its subdomains. */
export function isListed(address: MailAddress, list: readonly string[]): boolean {
  return list.includes(address) || list.includes(address.slice(address.lastIndexOf('@')));
}
