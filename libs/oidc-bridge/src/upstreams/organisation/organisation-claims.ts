import { claimAt, rolesIn } from '../role-mapping.ts';
import type { ClaimPath, RoleMapping } from '../role-mapping.ts';
import { addressIn, checkAudienceNonceAndTime, domainOf, shownAsOf, subjectOf } from '../token-claims.ts';
import type { TokenClaims, TokenExpectation } from '../token-claims.ts';
import { UpstreamRefused } from '../upstream.ts';
import type { UpstreamIdentity } from '../upstream.ts';

export interface OrganisationRules {
  readonly issuer: string;
  /** Canonical domains (A-labels, lower case) that the provider is authoritative for; their subdomains are not among them. */
  readonly domains: readonly string[];
  /** `email` by default. */
  readonly addressClaim?: ClaimPath;
  /** Only where the provider is known never to let people write that claim themselves: `email_verified` is then not asked for. */
  readonly isAddressAlwaysVerified?: boolean;
  readonly roleMapping?: RoleMapping;
}

/**
 * Whom a token of an organisation's own provider proves: an address of its own domains, which it says is verified. Roles come
 * with the account, whatever its address.
 * @throws UpstreamRefused
 */
export function organisationIdentity(
  claims: TokenClaims,
  rules: OrganisationRules,
  expectation: TokenExpectation,
): UpstreamIdentity {
  if (claims.iss !== rules.issuer) throw new UpstreamRefused('wrong-issuer');
  checkAudienceNonceAndTime(claims, expectation);
  const subject = subjectOf(claims);
  const isVerified = rules.isAddressAlwaysVerified === true || claims.email_verified === true;
  const address = isVerified ? addressIn(claimAt(claims, rules.addressClaim ?? 'email')) : null;
  const provenAddress = address !== null && rules.domains.includes(domainOf(address)) ? address : null;
  return {
    method: 'organisation',
    issuer: rules.issuer,
    subject,
    provenAddress,
    unproven: provenAddress === null ? 'address-unverified' : null,
    shownAs: shownAsOf(claims, 'email', 'preferred_username', 'upn', 'name'),
    roles: rolesIn(claims, rules.roleMapping),
  };
}
