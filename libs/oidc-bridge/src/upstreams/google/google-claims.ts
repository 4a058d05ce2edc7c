import { rolesIn } from '../role-mapping.ts';
import type { RoleMapping } from '../role-mapping.ts';
import { addressIn, checkAudienceNonceAndTime, domainOf, isWithin, shownAsOf, subjectOf } from '../token-claims.ts';
import type { TokenClaims, TokenExpectation } from '../token-claims.ts';
import type { MailAddress } from '#libs/vocabulary';
import { UpstreamRefused } from '../upstream.ts';
import type { UpstreamIdentity } from '../upstream.ts';

export interface GoogleRules {
  /** `https://accounts.google.com`; tokens of old libraries name it without the scheme, which is the same issuer. */
  readonly issuer: string;
  /** Canonical domains beyond which no address counts, where it is one organisation's own Workspace. */
  readonly domains?: readonly string[];
  readonly roleMapping?: RoleMapping;
}

/**
 * Whom a Google token proves, by threats.md A3. Google speaks for gmail.com, and for a Workspace's own domain (`hd`); of any other
 * address it once saw a mail arrive, maybe years ago, which proves nothing: secondary domains and googlemail.com among them.
 *
 * @throws UpstreamRefused
 */
export function googleIdentity(
  claims: TokenClaims,
  { issuer, domains, roleMapping }: GoogleRules,
  expectation: TokenExpectation,
): UpstreamIdentity {
  if (claims.iss !== issuer && claims.iss !== issuer.replace(/^https?:\/\//, ''))
    throw new UpstreamRefused('wrong-issuer');
  checkAudienceNonceAndTime(claims, expectation);
  const subject = subjectOf(claims);
  const address = claims.email_verified === true ? addressIn(claims.email) : null;
  const isProven = address !== null && speaksFor(address, claims.hd) && isWithin(domains, address);
  const provenAddress = isProven ? address : null;
  return {
    method: 'google',
    issuer, // one form: the account is (iss, sub)
    subject,
    provenAddress,
    unproven: provenAddress === null ? 'address-unverified' : null,
    shownAs: shownAsOf(claims, 'email', 'name'),
    // Of the Workspace's own accounts alone: gmail.com has no administrator who could give a role.
    roles: provenAddress !== null && claims.hd !== undefined ? rolesIn(claims, roleMapping) : [],
  };
}

function speaksFor(address: MailAddress, hostedDomain: unknown): boolean {
  const domain = domainOf(address);
  return domain === 'gmail.com' || hostedDomain === domain;
}
