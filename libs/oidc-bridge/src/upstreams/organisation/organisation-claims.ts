import { addressIn, checkAudienceNonceAndTime, domainOf, shownAsOf, subjectOf } from '../token-claims.ts';
import type { TokenClaims, TokenExpectation } from '../token-claims.ts';
import { UpstreamRefused } from '../upstream.ts';
import type { UpstreamIdentity } from '../upstream.ts';

/** A claim by its name, to the letter; or the way to it, where it lies within others: `['realm_access', 'roles']`. */
export type ClaimPath = string | readonly string[];

/** Which values of a claim (a text, or a list of texts) give which console roles. */
export interface RoleMapping {
  readonly claim: ClaimPath;
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

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

function rolesIn(claims: TokenClaims, mapping: RoleMapping | undefined): readonly string[] {
  if (mapping === undefined) return [];
  const claim = claimAt(claims, mapping.claim);
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const roles = values.flatMap((value) => (typeof value === 'string' ? (mapping.roles.get(value) ?? []) : []));
  return [...new Set(roles)];
}

/** Own properties alone: a path from a configuration meets objects from elsewhere. */
function claimAt(claims: TokenClaims, path: ClaimPath): unknown {
  const names = typeof path === 'string' ? [path] : path;
  return names.reduce<unknown>(
    (within, name) =>
      typeof within === 'object' && within !== null && Object.hasOwn(within, name)
        ? (within as Record<string, unknown>)[name]
        : undefined,
    claims,
  );
}
