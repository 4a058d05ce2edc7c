import type { Egress } from '#libs/egress';
import { SystemClock, parseMailAddress } from '#libs/vocabulary';
import type { Clock, MailAddress } from '#libs/vocabulary';
import type { ClientCredential } from '../client-credential.ts';
import { OpenIdProvider } from '../open-id-provider.ts';
import { OpenIdUpstream } from '../open-id-upstream.ts';
import { domainOf } from '../token-claims.ts';
import type { BeginUpstream, FinishUpstream, Suitability, Upstream } from '../upstream.ts';
import { googleUpstream } from '../google/google-upstream.ts';
import { knownIssuerOf } from '../known-issuers.ts';
import { microsoftUpstream } from '../microsoft/microsoft-upstream.ts';
import type { ClaimPath, RoleMapping } from '../role-mapping.ts';
import { organisationIdentity, saysMoreAtUserinfo } from './organisation-claims.ts';
import type { OrganisationRules } from './organisation-claims.ts';

export interface OrganisationUpstreamConfig {
  /** a–z, 0–9, hyphen; in the redirect URI. */
  readonly id: string;
  /** On the button: what people of the organisation call it. */
  readonly name: string;
  /** To the letter as the provider's metadata calls it, slash at the end or not. */
  readonly issuer: string;
  readonly clientId: string;
  readonly credential: ClientCredential;
  /** What the provider is authoritative for, without its subdomains. An address of any other domain is never proven by it. `any`: of all. */
  readonly domains: readonly string[] | 'any';
  /** `email` by default. */
  readonly addressClaim?: ClaimPath;
  /** The provider's administrators alone write the address: `email_verified` is not asked for. False by default. */
  readonly isAddressAlwaysVerified?: boolean;
  /** `email_verified` may be the text "true". False by default: text is often what people may write themselves. */
  readonly isVerifiedAsText?: boolean;
  /** Which claim gives console roles; none by default. */
  readonly roleMapping?: RoleMapping;
  /** Beside `openid email`, where a claim wants one. */
  readonly scopes?: readonly string[];
  /** Where its token endpoint or keys lie on another host than the issuer: see EgressDestinations. */
  readonly hosts?: readonly string[];
  readonly privateAddresses?: readonly string[];
  readonly certificateAuthorities?: string;
  /** `aud` of our private_key_jwt; `issuer` by default. AD FS and Okta want their token endpoint. */
  readonly assertionAudience?: 'issuer' | 'token-endpoint';
}

/** Asymmetric, and with SHA-256 or Ed25519: what FAPI 2.0 allows, and RS256, which most still use. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

/**
 * An organisation's own provider. Where its issuer is Entra or Google, the rules of these hold, beside the organisation's domains
 * and roles: rules belong to the issuer, not to the setting that names it.
 * @throws TypeError for an issuer that is no URL, AddressRefused for a domain that is none, RangeError for settings that would
 * go against the issuer's rules
 */
export function organisationUpstream(
  config: OrganisationUpstreamConfig,
  egress: Egress,
  clock: Clock = new SystemClock(),
): Upstream {
  const known = knownIssuerOf(config.issuer);
  if (known === null) return new OrganisationUpstream(config, egress, clock);
  const { addressClaim = 'email', isAddressAlwaysVerified = false, isVerifiedAsText = false, domains } = config;
  if (addressClaim !== 'email' || isAddressAlwaysVerified || isVerifiedAsText || domains === 'any') {
    throw new RangeError(
      `${config.issuer} proves addresses by its own rules: no addressClaim, no isAddressAlwaysVerified, no isVerifiedAsText`,
    );
  }
  const { id, name, clientId, credential, roleMapping, hosts, privateAddresses, certificateAuthorities } = config;
  const plain = {
    ...{ id, name, clientId, credential },
    ...(roleMapping === undefined ? {} : { roleMapping }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(privateAddresses === undefined ? {} : { privateAddresses }),
    ...(certificateAuthorities === undefined ? {} : { certificateAuthorities }),
  };
  const authoritativeDomains = canonicalDomains(domains);
  return known.provider === 'microsoft'
    ? microsoftUpstream(
        { ...plain, accounts: known.tenant, authority: known.authority, authoritativeDomains },
        egress,
        clock,
      )
    : googleUpstream({ ...plain, authoritativeDomains, workspaceDomains: authoritativeDomains }, egress, clock);
}

function canonicalDomains(domains: readonly string[]): readonly string[] {
  return domains.map((domain) => domainOf(parseMailAddress(`postmaster@${domain}`)));
}

class OrganisationUpstream extends OpenIdUpstream {
  override readonly id: string;
  override readonly method = 'organisation';
  override readonly name: string;
  override readonly issuer: string;
  override readonly givesRoles: boolean;
  private readonly rules: OrganisationRules;
  private readonly scope: string;
  protected override readonly provider: OpenIdProvider;

  constructor(config: OrganisationUpstreamConfig, egress: Egress, clock: Clock) {
    super();
    const { issuer, domains, addressClaim, isAddressAlwaysVerified, isVerifiedAsText, roleMapping } = config;
    const { privateAddresses, certificateAuthorities } = config;
    this.id = config.id;
    this.name = config.name;
    this.issuer = issuer;
    this.givesRoles = roleMapping !== undefined;
    this.scope = [...new Set(['openid', 'email', ...(config.scopes ?? [])])].join(' ');
    this.rules = {
      issuer,
      domains: domains === 'any' ? domains : canonicalDomains(domains),
      ...(addressClaim === undefined ? {} : { addressClaim }),
      ...(isAddressAlwaysVerified === undefined ? {} : { isAddressAlwaysVerified }),
      ...(isVerifiedAsText === undefined ? {} : { isVerifiedAsText }),
      ...(roleMapping === undefined ? {} : { roleMapping }),
    };
    this.provider = new OpenIdProvider(
      {
        upstream: config.id,
        metadataUrl: new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`), // Discovery 1.0 §4.1
        issuer,
        clientId: config.clientId,
        credential: config.credential,
        assertionAudience: config.assertionAudience ?? 'issuer',
        signatures: { algorithms: ALGORITHMS, mayVouch: () => true },
      },
      egress.to({
        hosts: [new URL(issuer).host, ...(config.hosts ?? [])],
        ...(privateAddresses === undefined ? {} : { privateAddresses }),
        ...(certificateAuthorities === undefined ? {} : { certificateAuthorities }),
      }),
      clock,
    );
  }

  override suits(address: MailAddress): Suitability {
    const { domains } = this.rules;
    return domains === 'any' || domains.includes(domainOf(address)) ? 'fits' : 'does-not-fit';
  }

  override begin(wish: BeginUpstream) {
    return this.provider.begin(wish, {
      scope: this.scope,
      ...(wish.wantedAddress === null ? {} : { login_hint: wish.wantedAddress }),
      ui_locales: wish.locale,
    });
  }

  override async finish(attempt: FinishUpstream) {
    const { claims, expectation, userinfo } = await this.provider.finish(attempt);
    const byToken = organisationIdentity(claims, this.rules, expectation); // a token that is not ours asks nobody
    if (!saysMoreAtUserinfo(claims, this.rules)) return byToken;
    return organisationIdentity(claims, this.rules, expectation, await userinfo());
  }
}
