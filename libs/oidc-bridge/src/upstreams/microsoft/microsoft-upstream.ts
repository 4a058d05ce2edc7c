import type { Egress } from '#libs/egress';
import { SystemClock } from '#libs/vocabulary';
import type { Clock, MailAddress } from '#libs/vocabulary';
import type { ClientCredential } from '../client-credential.ts';
import { consumerMailOf } from '../consumer-domains.ts';
import { OpenIdProvider } from '../open-id-provider.ts';
import { OpenIdUpstream } from '../open-id-upstream.ts';
import type { RoleMapping } from '../role-mapping.ts';
import { domainOf, isWithin } from '../token-claims.ts';
import type { BeginUpstream, FinishUpstream, Suitability, Upstream } from '../upstream.ts';
import {
  PERSONAL_TENANT,
  TENANT_PLACEHOLDER,
  isTenantId,
  microsoftIdentity,
  microsoftIssuer,
  microsoftKeyMayVouch,
} from './microsoft-claims.ts';
import type { MicrosoftRules } from './microsoft-claims.ts';

export interface MicrosoftUpstreamConfig {
  /** a–z, 0–9, hyphen; in the redirect URI. */
  readonly id: string;
  /** On the button: "Microsoft", "a work or school account". */
  readonly name: string;
  /** `personal`, `work` (and school), `both`, or a tenant's id: then this tenant alone. */
  readonly accounts: string;
  /** "Application (client) ID". */
  readonly clientId: string;
  readonly credential: ClientCredential;
  /** Of a national cloud, `https://login.microsoftonline.us`. By default `https://login.microsoftonline.com`. */
  readonly authority?: string;
  /** Domains whose people are known to have such an account: their button comes first. Proves nothing. */
  readonly domains?: readonly string[];
  /** Canonical domains of the organisation whose own this is: no other address is proven by it. All by default. */
  readonly authoritativeDomains?: readonly string[];
  /** Which claim gives console roles; with one tenant's id in `accounts` alone. */
  readonly roleMapping?: RoleMapping;
  /** Only where the authority is not Microsoft's: see EgressDestinations. */
  readonly privateAddresses?: readonly string[];
  /** Further hosts and certification authorities: see EgressDestinations. */
  readonly hosts?: readonly string[];
  readonly certificateAuthorities?: string;
}

/** @throws RangeError for accounts that are no kind of accounts, TypeError for an authority that is no URL */
export function microsoftUpstream(
  config: MicrosoftUpstreamConfig,
  egress: Egress,
  clock: Clock = new SystemClock(),
): Upstream {
  return new MicrosoftUpstream(config, egress, clock);
}

/** By kind of accounts: the tenant of the endpoints, and how the metadata found there calls its issuer. */
const ENDPOINTS: Readonly<Record<string, { tenant: string; issuerTenant: string }>> = {
  personal: { tenant: 'consumers', issuerTenant: PERSONAL_TENANT },
  work: { tenant: 'organizations', issuerTenant: TENANT_PLACEHOLDER },
  both: { tenant: 'common', issuerTenant: TENANT_PLACEHOLDER },
};

class MicrosoftUpstream extends OpenIdUpstream {
  override readonly id: string;
  override readonly method = 'microsoft';
  override readonly name: string;
  override readonly issuer: string;
  override readonly givesRoles: boolean;
  private readonly rules: MicrosoftRules;
  private readonly domains: readonly string[];
  protected override readonly provider: OpenIdProvider;

  constructor(config: MicrosoftUpstreamConfig, egress: Egress, clock: Clock) {
    super();
    const authority = new URL(config.authority ?? 'https://login.microsoftonline.com');
    const accounts = config.accounts.toLowerCase();
    if (!Object.hasOwn(ENDPOINTS, accounts) && !isTenantId(accounts)) {
      throw new RangeError(`accounts of "${config.id}" must be personal, work, both, or the id of a tenant`);
    }
    const { authoritativeDomains, roleMapping } = config;
    if (roleMapping !== undefined && (!isTenantId(accounts) || accounts === PERSONAL_TENANT)) {
      throw new RangeError(
        `"${config.id}" gives console roles: its accounts must be the id of the one tenant whose they are`,
      );
    }
    const { tenant, issuerTenant } = ENDPOINTS[accounts] ?? { tenant: accounts, issuerTenant: accounts };
    this.id = config.id;
    this.name = config.name;
    this.givesRoles = roleMapping !== undefined;
    this.rules = {
      authority: authority.origin,
      accounts,
      ...(authoritativeDomains === undefined ? {} : { domains: authoritativeDomains }),
      ...(roleMapping === undefined ? {} : { roleMapping }),
    };
    this.issuer = microsoftIssuer(authority.origin, tenant);
    this.domains = (config.domains ?? []).map((domain) => domain.toLowerCase());
    this.provider = new OpenIdProvider(
      {
        upstream: config.id,
        metadataUrl: new URL(`${this.issuer}/.well-known/openid-configuration`),
        issuer: microsoftIssuer(authority.origin, issuerTenant),
        clientId: config.clientId,
        credential: config.credential,
        assertionAudience: 'token-endpoint', // Entra: "Certificate credentials"
        signatures: {
          algorithms: ['RS256'],
          mayVouch: (key, claims) => microsoftKeyMayVouch(authority.origin, key, claims),
        },
        isOwnIssuer: (sent) => {
          const named = sent.slice(`${authority.origin}/`.length, -'/v2.0'.length);
          return isTenantId(named) && sent === microsoftIssuer(authority.origin, named);
        },
      },
      egress.to({
        hosts: [authority.host, ...(config.hosts ?? [])],
        ...(config.certificateAuthorities === undefined
          ? {}
          : { certificateAuthorities: config.certificateAuthorities }),
        ...(config.privateAddresses === undefined ? {} : { privateAddresses: config.privateAddresses }),
      }),
      clock,
    );
  }

  override suits(address: MailAddress): Suitability {
    if (this.rules.domains !== undefined) return isWithin(this.rules.domains, address) ? 'fits' : 'does-not-fit';
    if (this.domains.includes(domainOf(address))) return 'fits';
    const service = consumerMailOf(address);
    const { accounts } = this.rules;
    if (service === 'microsoft') return accounts === 'personal' || accounts === 'both' ? 'fits' : 'does-not-fit';
    // A personal account can be made for any address; a service for everybody has no tenant of its own.
    return service !== null && accounts !== 'personal' && accounts !== 'both' ? 'does-not-fit' : 'may-fit';
  }

  override begin(wish: BeginUpstream) {
    return this.provider.begin(wish, {
      scope: 'openid profile email', // profile: `oid` is not in the token without it
      response_mode: 'query',
      ...(wish.wantedAddress === null || wish.isForAnother === true ? { prompt: 'select_account' } : {}),
      ...(wish.wantedAddress === null
        ? {}
        : { login_hint: wish.wantedAddress, ...this.domainHint(wish.wantedAddress) }),
      ui_locales: wish.locale,
    });
  }

  override async finish(attempt: FinishUpstream) {
    const { claims, expectation } = await this.provider.finish(attempt);
    return microsoftIdentity(claims, this.rules, expectation);
  }

  /** Spares the question "work or personal?", where the address leaves no doubt. */
  private domainHint(address: MailAddress): { domain_hint?: string } {
    if (this.rules.accounts !== 'both') return {};
    if (consumerMailOf(address) === 'microsoft') return { domain_hint: 'consumers' };
    return this.domains.includes(domainOf(address)) ? { domain_hint: 'organizations' } : {};
  }
}
