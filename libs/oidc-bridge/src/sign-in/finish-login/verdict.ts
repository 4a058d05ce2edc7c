import type { Instant } from '#libs/vocabulary';
import type { BridgeProof, ReaderIdentity } from '../../proof.ts';
import type { SignInFailure } from '../../sign-in-events.ts';
import type { Upstream, UpstreamIdentity } from '../../upstreams/upstream.ts';
import type { LoginAttempt } from '../login-attempts.ts';

export type Verdict =
  | { readonly kind: 'proven'; readonly proof: BridgeProof }
  | { readonly kind: 'reader'; readonly reader: ReaderIdentity }
  | { readonly kind: 'not-proven'; readonly reason: SignInFailure };

/**
 * What an account at a provider is good for in this attempt. An address counts only when the provider proves it, and where one
 * is wanted, only when it is that one, byte for byte: nothing is ever trusted anyway.
 */
export function verdictOn(
  identity: UpstreamIdentity,
  { purpose, clientKind, wantedAddress }: Pick<LoginAttempt, 'purpose' | 'clientKind' | 'wantedAddress'>,
  { givesRoles }: Pick<Upstream, 'givesRoles'>,
  now: Instant,
): Verdict {
  const { method, issuer, subject, provenAddress } = identity;
  if (purpose === 'reader') {
    return { kind: 'reader', reader: { kind: 'account', issuer, subject, address: provenAddress } };
  }
  if (provenAddress === null) return { kind: 'not-proven', reason: identity.unproven ?? 'address-unverified' };
  if (wantedAddress !== null && provenAddress !== wantedAddress) return { kind: 'not-proven', reason: 'other-address' };
  const roles = clientKind === 'console' && givesRoles ? identity.roles : [];
  return { kind: 'proven', proof: { address: provenAddress, method, issuer, subject, provenAt: now, roles } };
}
