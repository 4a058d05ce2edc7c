import type { JWK } from 'jose';
import { rolesIn } from '../role-mapping.ts';
import type { RoleMapping } from '../role-mapping.ts';
import { addressIn, checkAudienceNonceAndTime, isWithin, shownAsOf, subjectOf } from '../token-claims.ts';
import type { TokenClaims, TokenExpectation } from '../token-claims.ts';
import { UpstreamRefused } from '../upstream.ts';
import type { UpstreamIdentity } from '../upstream.ts';

/** The tenant of all personal accounts. */
export const PERSONAL_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';
/** Lower case, as Microsoft writes it: an identity has one form. */
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Stands for the tenant in shared metadata and in the `issuer` of keys that may sign for any. */
export const TENANT_PLACEHOLDER = '{tenantid}';

export interface MicrosoftRules {
  /** `https://login.microsoftonline.com`, or a national cloud's; no slash at the end. */
  readonly authority: string;
  /** `personal`, `work` (and school), `both`, or the GUID of the one tenant that is served. */
  readonly accounts: string;
  /** Canonical domains beyond which no address counts, where it is one organisation's own tenant. */
  readonly domains?: readonly string[];
  /** Only with the GUID of one tenant: whoever runs another could give themselves any role. */
  readonly roleMapping?: RoleMapping;
}

export function isTenantId(text: string): boolean {
  return GUID.test(text);
}

/** `https://login.microsoftonline.com/{tid}/v2.0`, exactly: never compared by prefix (threats.md A2). */
export function microsoftIssuer(authority: string, tenant: string): string {
  return `${authority}/${tenant}/v2.0`;
}

/**
 * Whether a key may sign for the tenant that a token speaks of (Storm-0558, threats.md A2): one whose `issuer` is the template
 * for any, one with a tenant's issuer for that tenant alone. A key that does not say whose it is signs for nobody.
 */
export function microsoftKeyMayVouch(authority: string, key: JWK, { tid }: TokenClaims): boolean {
  const { issuer } = key as JWK & { issuer?: unknown };
  if (typeof tid !== 'string' || typeof issuer !== 'string') return false;
  return issuer === microsoftIssuer(authority, TENANT_PLACEHOLDER) || issuer === microsoftIssuer(authority, tid);
}

/**
 * Whom a Microsoft token proves, by threats.md A1 and A2. The account is (iss, tid, oid). Its address counts only when the token
 * says that the owner of the domain was verified (`xms_edov`), for personal accounts too; a guest proves nothing, and
 * `preferred_username`, `upn` and `unique_name` never do.
 * @throws UpstreamRefused
 */
export function microsoftIdentity(
  claims: TokenClaims,
  { authority, accounts, domains, roleMapping }: MicrosoftRules,
  expectation: TokenExpectation,
): UpstreamIdentity {
  const { tid, oid, iss, ver } = claims;
  if (typeof tid !== 'string') throw new UpstreamRefused('token-invalid', 'without a tenant');
  if (!GUID.test(tid)) throw new UpstreamRefused('wrong-tenant', 'a tenant that is no GUID');
  if (iss !== microsoftIssuer(authority, tid)) throw new UpstreamRefused('wrong-issuer');
  const { answeredBy = null } = expectation;
  // Any tenant may answer where all are served; the token must be of the one that did.
  if (answeredBy !== null && answeredBy !== iss) throw new UpstreamRefused('wrong-issuer', 'another tenant answered');
  if (!serves(accounts, tid)) throw new UpstreamRefused('wrong-tenant', 'an account of a kind that is not configured');
  if (ver !== '2.0') throw new UpstreamRefused('token-invalid', 'a token of another version');
  checkAudienceNonceAndTime(claims, expectation);
  subjectOf(claims); // names nobody here, and every ID token has one (OpenID Connect Core 1.0 §2)
  if (typeof oid !== 'string' || !GUID.test(oid)) throw new UpstreamRefused('token-invalid', 'without an object id');

  const isGuest = claims.acct !== undefined && !isMember(claims.acct);
  // The personal tenant has no guests, and its tokens no `acct`; of any other, a token without it may well be a guest's.
  const isAtHome = isMember(claims.acct) || (claims.acct === undefined && tid === PERSONAL_TENANT);
  const address = isAtHome && isDomainOwnerVerified(claims.xms_edov) ? addressIn(claims.email) : null;
  const provenAddress = isWithin(domains, address) ? address : null;
  return {
    method: 'microsoft',
    issuer: iss,
    subject: `${tid}.${oid}`,
    provenAddress,
    unproven: isGuest ? 'guest-account' : provenAddress === null ? 'address-unverified' : null,
    shownAs: shownAsOf(claims, 'preferred_username', 'email', 'name'),
    roles: isAtHome ? rolesIn(claims, roleMapping) : [], // a guest has none, whatever the tenant assigned
  };
}

function serves(accounts: string, tenant: string): boolean {
  switch (accounts) {
    case 'both':
      return true;
    case 'personal':
      return tenant === PERSONAL_TENANT;
    case 'work':
      return tenant !== PERSONAL_TENANT;
    default:
      return tenant === accounts;
  }
}

/** Strictly one of the four forms that Microsoft was seen to send; absent is no. */
function isDomainOwnerVerified(claim: unknown): boolean {
  return claim === true || claim === 1 || claim === '1' || claim === 'true';
}

/** `acct`: 0 a member, 1 a guest. Absent where the registration does not ask for it; anything else is not believed to be a member. */
function isMember(claim: unknown): boolean {
  return claim === 0 || claim === '0';
}
