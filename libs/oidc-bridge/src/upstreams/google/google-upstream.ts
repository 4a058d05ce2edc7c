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
import { googleIdentity } from './google-claims.ts';
import type { GoogleRules } from './google-claims.ts';

export interface GoogleUpstreamConfig {
  /** a–z, 0–9, hyphen; in the redirect URI. */
  readonly id: string;
  /** On the button: "Google". */
  readonly name: string;
  readonly clientId: string;
  readonly credential: ClientCredential;
  /** Domains known to be Google Workspaces: their button comes first, and Google is told which accounts to offer. Proves nothing. */
  readonly workspaceDomains?: readonly string[];
  /** Canonical domains of the organisation whose own this is: no other address is proven by it. All by default. */
  readonly authoritativeDomains?: readonly string[];
  /** Which claim gives console roles; with `authoritativeDomains` alone, and never beyond them. */
  readonly roleMapping?: RoleMapping;
  /** Another Google, of a test. By default `https://accounts.google.com`. */
  readonly issuer?: string;
  /** See EgressDestinations. */
  readonly privateAddresses?: readonly string[];
}

/** @throws TypeError for an issuer that is no URL */
export function googleUpstream(
  config: GoogleUpstreamConfig,
  egress: Egress,
  clock: Clock = new SystemClock(),
): Upstream {
  return new GoogleUpstream(config, egress, clock);
}

/** Where Google's pages, tokens and keys are: pinned, whatever its metadata say. */
const GOOGLE_HOSTS = ['accounts.google.com', 'oauth2.googleapis.com', 'www.googleapis.com'];

class GoogleUpstream extends OpenIdUpstream {
  override readonly id: string;
  override readonly method = 'google';
  override readonly name: string;
  override readonly issuer: string;
  override readonly givesRoles: boolean;
  private readonly workspaceDomains: readonly string[];
  private readonly rules: GoogleRules;
  protected override readonly provider: OpenIdProvider;

  constructor(config: GoogleUpstreamConfig, egress: Egress, clock: Clock) {
    super();
    this.id = config.id;
    this.name = config.name;
    this.issuer = config.issuer ?? 'https://accounts.google.com';
    this.workspaceDomains = (config.workspaceDomains ?? []).map((domain) => domain.toLowerCase());
    const { authoritativeDomains, roleMapping } = config;
    if (roleMapping !== undefined && authoritativeDomains === undefined) {
      throw new RangeError(
        `"${config.id}" gives console roles: it needs the domains of the Workspace whose accounts have them`,
      );
    }
    this.givesRoles = roleMapping !== undefined;
    this.rules = {
      issuer: this.issuer,
      ...(authoritativeDomains === undefined ? {} : { domains: authoritativeDomains }),
      ...(roleMapping === undefined ? {} : { roleMapping }),
    };
    this.provider = new OpenIdProvider(
      {
        upstream: config.id,
        metadataUrl: new URL(`${this.issuer}/.well-known/openid-configuration`),
        issuer: this.issuer,
        clientId: config.clientId,
        credential: config.credential,
        assertionAudience: 'token-endpoint',
        signatures: { algorithms: ['RS256'], mayVouch: () => true },
      },
      egress.to({
        hosts: config.issuer === undefined ? GOOGLE_HOSTS : [new URL(config.issuer).host],
        ...(config.privateAddresses === undefined ? {} : { privateAddresses: config.privateAddresses }),
      }),
      clock,
    );
  }

  override suits(address: MailAddress): Suitability {
    if (this.rules.domains !== undefined) return isWithin(this.rules.domains, address) ? 'fits' : 'does-not-fit';
    const domain = domainOf(address);
    if (domain === 'gmail.com' || this.workspaceDomains.includes(domain)) return 'fits';
    return consumerMailOf(address) === null ? 'may-fit' : 'does-not-fit'; // no Workspace has these, and Google proves nothing else
  }

  override begin(wish: BeginUpstream) {
    const { wantedAddress, isForAnother = false, locale } = wish;
    return this.provider.begin(wish, {
      scope: 'openid email',
      ...(wantedAddress === null || isForAnother ? { prompt: 'select_account' } : {}),
      ...(wantedAddress === null ? {} : { login_hint: wantedAddress, ...this.hostedDomain(wantedAddress) }),
      hl: locale,
    });
  }

  override async finish(attempt: FinishUpstream) {
    const { claims, expectation } = await this.provider.finish(attempt);
    return googleIdentity(claims, this.rules, expectation);
  }

  /** Only where a Workspace is known to be: with any other `hd` Google ends in a page of its own that leads nowhere. */
  private hostedDomain(address: MailAddress): { hd?: string } {
    const domain = domainOf(address);
    return this.workspaceDomains.includes(domain) ? { hd: domain } : {};
  }
}
