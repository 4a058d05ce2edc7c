import { claimAt, rolesIn } from '../role-mapping.ts';
import type { ClaimPath, RoleMapping } from '../role-mapping.ts';
import { addressIn, checkAudienceNonceAndTime, domainOf, shownAsOf, subjectOf } from '../token-claims.ts';
import type { TokenClaims, TokenExpectation } from '../token-claims.ts';
import { UpstreamRefused } from '../upstream.ts';
import type { UpstreamIdentity } from '../upstream.ts';

export interface OrganisationRules {
  readonly issuer: string;
  /** Canonical domains (A-labels, lower case) that the provider is authoritative for; their subdomains are not among them. `any`: where it stands in place of our own bridge. */
  readonly domains: readonly string[] | 'any';
  /** `email` by default. */
  readonly addressClaim?: ClaimPath;
  /** Only where the provider is known never to let people write that claim themselves: `email_verified` is then not asked for. */
  readonly isAddressAlwaysVerified?: boolean;
  /** `email_verified` may be the text "true" beside the value: only where the provider is known to write it of what it verified. */
  readonly isVerifiedAsText?: boolean;
  readonly roleMapping?: RoleMapping;
}

/** Whether the token leaves out what this provider may say at its userinfo endpoint alone, as Authelia does since 4.39. */
export function saysMoreAtUserinfo(claims: TokenClaims, { addressClaim, roleMapping }: OrganisationRules): boolean {
  const lacksAddress = claimAt(claims, addressClaim ?? 'email') === undefined;
  return lacksAddress || (roleMapping !== undefined && claimAt(claims, roleMapping.claim) === undefined);
}

/**
 * Whom a token of an organisation's own provider proves: an address of its own domains, which it says is verified. Roles come
 * with the account, whatever its address.
 * @param userinfo of the same subject; counts for what the token does not say. An address and what is said of it come from one of both
 * @throws UpstreamRefused
 */
export function organisationIdentity(
  claims: TokenClaims,
  rules: OrganisationRules,
  expectation: TokenExpectation,
  userinfo: TokenClaims | null = null,
): UpstreamIdentity {
  if (claims.iss !== rules.issuer) throw new UpstreamRefused('wrong-issuer');
  checkAudienceNonceAndTime(claims, expectation);
  const subject = subjectOf(claims);
  const addressClaim = rules.addressClaim ?? 'email';
  const spoken = claimAt(claims, addressClaim) === undefined && userinfo !== null ? userinfo : claims;
  const address = isVerified(spoken, rules) ? addressIn(claimAt(spoken, addressClaim)) : null;
  const isOfItsDomains = address !== null && (rules.domains === 'any' || rules.domains.includes(domainOf(address)));
  const provenAddress = isOfItsDomains ? address : null;
  const { roleMapping } = rules;
  const isInToken = roleMapping !== undefined && claimAt(claims, roleMapping.claim) !== undefined;
  return {
    method: 'organisation',
    issuer: rules.issuer,
    subject,
    provenAddress,
    unproven: provenAddress === null ? 'address-unverified' : null,
    shownAs: shownAsOf(spoken, 'email', 'preferred_username', 'upn', 'name'),
    roles: rolesIn(isInToken ? claims : (userinfo ?? claims), roleMapping),
  };
}

function isVerified({ email_verified: isSaid }: TokenClaims, rules: OrganisationRules): boolean {
  const { isAddressAlwaysVerified = false, isVerifiedAsText = false } = rules;
  return isAddressAlwaysVerified || isSaid === true || (isVerifiedAsText && isSaid === 'true');
}
