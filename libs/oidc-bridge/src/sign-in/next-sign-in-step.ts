import type { BridgeProof, ReaderIdentity, SignInRequest } from '../proof.ts';
import type { OidcBridgeSettings } from '../settings.ts';
import { pathTo } from './addresses.ts';
import { isListed, isNamedByAccount, mailboxRulesFor, sharedMailboxRule } from './ways-in.ts';

/** What became of the last way that was tried, as `?told=…`: fixed words, so that a made-up link says nothing but these. */
export type Told = 'cancelled' | 'refused' | 'unreachable' | 'over' | 'too-many' | 'unnamed';

/** With nothing to show for it. */
export type EmptyArrival =
  /** Nothing yet. */
  | { readonly with: 'nothing' }
  /** A way that came to nothing. `purpose`: what it was tried for. */
  | { readonly with: 'failure'; readonly purpose: 'sign-in' | 'reader'; readonly told: Told }
  /** What it was to bring was taken before, or is no more. */
  | { readonly with: 'nothing-left' };

/** With what a browser comes to a sign-in of its own. */
export type Arrival =
  | EmptyArrival
  /** An account that does not prove the address. */
  | { readonly with: 'other-account' }
  /** An address was proven, by an account or a passcode. */
  | { readonly with: 'proof'; readonly proof: BridgeProof }
  /** Who reads at a shared mailbox; `pending` is its proof that was held back for that, null when it is no more. */
  | { readonly with: 'reader'; readonly reader: ReaderIdentity; readonly pending: BridgeProof | null };

export type NextSignInStep =
  | PageStep
  /** Back to the client, with a proof. */
  | { readonly step: 'leave'; readonly proof: BridgeProof }
  /** A passcode where none is given: nothing leaves, whatever was proven. */
  | { readonly step: 'refuse-passcode' };

export type PageStep =
  /** The page with every way there is; `told` says what became of the last one. */
  | { readonly step: 'choose-way'; readonly told: Told | null }
  /** The same with whose account it was. */
  | { readonly step: 'show-other-account' }
  /** Who reads at a shared mailbox is asked before its proof leaves, which is held back until then. */
  | { readonly step: 'name-reader'; readonly told: Told | null; readonly holdBack: BridgeProof | null };

type Rules = Pick<OidcBridgeSettings, 'sharedMailboxes' | 'noPasscodeFor'>;

/**
 * The order of a sign-in, written down once. Controllers bring what a browser came with and go where this says; none knows what
 * comes after it. Addresses stand in addresses.ts.
 */
export function nextSignInStep(
  signIn: Pick<SignInRequest, 'clientKind' | 'asks' | 'wantedAddress'>,
  arrival: Arrival,
  settings: Rules,
): NextSignInStep {
  const rules = { ...settings, ...mailboxRulesFor(signIn, settings) };
  switch (arrival.with) {
    case 'nothing':
    case 'nothing-left':
    case 'failure':
      return afterNothing(arrival);
    case 'other-account':
      return { step: 'show-other-account' };
    case 'proof':
      return afterProof(signIn, arrival.proof, rules);
    case 'reader':
      return afterReader(arrival, rules);
  }
}

/** Where a browser goes with empty hands: what leads it there may know no more of the sign-in than its name. */
export function pathAfter(uid: string, arrival: EmptyArrival): string {
  return pathOf(uid, afterNothing(arrival));
}

export function pathOf(uid: string, next: PageStep): string {
  switch (next.step) {
    case 'choose-way':
      return pathTo('page', { uid }, { told: next.told });
    case 'show-other-account':
      return pathTo('page', { uid });
    case 'name-reader':
      return pathTo('reader', { uid }, { told: next.told });
  }
}

function afterNothing(arrival: EmptyArrival): PageStep {
  switch (arrival.with) {
    case 'nothing':
      return { step: 'choose-way', told: null };
    case 'nothing-left':
      return { step: 'choose-way', told: 'over' };
    case 'failure':
      return arrival.purpose === 'reader'
        ? { step: 'name-reader', told: arrival.told, holdBack: null }
        : { step: 'choose-way', told: arrival.told };
  }
}

/** A passcode of a mailbox that several read does not say who reads, and the account of the mailbox itself as the rule has it. */
function afterProof(
  { clientKind, asks }: Pick<SignInRequest, 'clientKind' | 'asks'>,
  proof: BridgeProof,
  rules: Rules,
): NextSignInStep {
  if (proof.method !== 'passcode') {
    const isNamed = proof.reader !== undefined || isNamedByAccount(proof, proof.address, rules);
    return isNamed || clientKind === 'console'
      ? { step: 'leave', proof }
      : { step: 'name-reader', told: null, holdBack: proof };
  }
  const isBarred = clientKind === 'console' || asks.includes('account') || isListed(proof.address, rules.noPasscodeFor);
  if (isBarred) return { step: 'refuse-passcode' };
  const isNamed = proof.reader !== undefined;
  if (isNamed || sharedMailboxRule(proof.address, rules) === null) return { step: 'leave', proof };
  return { step: 'name-reader', told: null, holdBack: proof };
}

/**
 * Where an account is asked for, a name typed into a form of somebody's own making does not do. An account that does not say who
 * somebody is stays with the proof until another one, or the name beside it, does.
 */
function afterReader({ pending, reader }: Arrival & { with: 'reader' }, rules: Rules): NextSignInStep {
  if (pending === null) return { step: 'choose-way', told: 'over' };
  if (reader.kind === 'account') {
    const proof = { ...pending, reader };
    return isNamedByAccount(reader, pending.address, rules)
      ? { step: 'leave', proof }
      : { step: 'name-reader', told: 'unnamed', holdBack: proof };
  }
  if (readerAskedFor(pending, rules) === 'state') return { step: 'leave', proof: { ...pending, reader } };
  const { reader: account } = pending;
  if (account?.kind !== 'account') return { step: 'name-reader', told: null, holdBack: null };
  return { step: 'leave', proof: { ...pending, reader: { ...account, name: reader.name } } };
}

/** Whether a name in their own words is asked for: in place of an account, or beside one that does not say who they are. */
export function isNameAskedFor(pending: BridgeProof, rules: Pick<Rules, 'sharedMailboxes'>): boolean {
  return readerAskedFor(pending, rules) === 'state' || pending.reader?.kind === 'account';
}

/** As configured now; a mailbox that is no longer listed is still asked for a name, since its proof was held back for that. */
export function readerAskedFor({ address }: BridgeProof, rules: Pick<Rules, 'sharedMailboxes'>): 'state' | 'account' {
  return sharedMailboxRule(address, rules)?.reader ?? 'state';
}
