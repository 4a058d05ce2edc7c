import { randomNonce, randomPKCECodeVerifier } from 'openid-client';
import type { Passage } from '#libs/egress';
import { digestOf, isWithin } from '#libs/vocabulary';
import type { Clock, Instant } from '#libs/vocabulary';
import { verifiedClaims } from './id-token.ts';
import type { SignatureRules } from './id-token.ts';
import { ProviderClient } from './provider-client.ts';
import type { ProviderClientSettings } from './provider-client.ts';
import { ProviderDocuments } from './provider-documents.ts';
import type { ProviderMetadata } from './provider-documents.ts';
import { Standing } from './standing.ts';
import type { AskedPart } from './standing.ts';
import type { TokenClaims, TokenExpectation } from './token-claims.ts';
import { keptForUpstream, UpstreamRefused, UpstreamUnreachable } from './upstream.ts';
import type { BeginUpstream, FinishUpstream, KeptForUpstream } from './upstream.ts';
import { UpstreamPassage } from './upstream-passage.ts';

/** 30 s during which nobody is sent to a provider that did not answer. */
const REST_SECONDS = 30;

export interface OpenIdProviderSettings extends ProviderClientSettings {
  /** The upstream's name in the configuration. */
  readonly upstream: string;
  readonly metadataUrl: URL;
  /** As its metadata must call it. */
  readonly issuer: string;
  readonly signatures: SignatureRules;
  /** Whether an answer's `iss` (RFC 9207) is this provider's; the issuer itself by default. */
  readonly isOwnIssuer?: (sent: string) => boolean;
}

/** A token that one of the provider's keys signed. Audience, nonce and time are still to be checked. */
export interface SignedAnswer {
  readonly claims: TokenClaims;
  readonly expectation: TokenExpectation;
  /** Asks for what it says beyond the token; null where it says nothing. @throws UpstreamRefused, UpstreamUnreachable */
  readonly userinfo: () => Promise<TokenClaims | null>;
}

/**
 * The protocol that all upstreams share: code flow with PKCE S256, state and nonce of each attempt's own (RFC 9700 §2.1),
 * one code for one token, and a token that one of the provider's keys signed. Whom the token proves is each provider's rule.
 */
export class OpenIdProvider {
  private readonly client: ProviderClient;
  private readonly documents: ProviderDocuments;
  readonly standing: Standing;
  private restsSince: Instant | null = null;

  /** @throws TypeError for a credential that proves nothing */
  constructor(
    private readonly settings: OpenIdProviderSettings,
    passage: Passage,
    private readonly clock: Clock,
  ) {
    const way = new UpstreamPassage(passage);
    this.client = new ProviderClient(settings, way);
    this.clock = clock;
    this.standing = new Standing(`${settings.upstream} (${settings.issuer})`, clock);
    this.documents = new ProviderDocuments(way, settings.metadataUrl, settings.issuer, clock);
  }

  isReachable(): boolean {
    return this.restsSince === null || !isWithin(REST_SECONDS, this.restsSince, this.clock.now());
  }

  /**
   * @param wishes what this provider is told of the account that is wanted, and the scope
   * @throws UpstreamUnreachable, while it rests without asking
   */
  async begin(
    { state, redirectUri, wantedAddress, isForAnother = false, secrets }: BeginUpstream,
    wishes: Readonly<Record<string, string>>,
  ): Promise<{ location: URL; kept: KeptForUpstream }> {
    if (!this.isReachable()) throw new UpstreamUnreachable('rests after it did not answer');
    const metadata = await this.metadata();
    const { nonce = randomNonce(), codeVerifier = randomPKCECodeVerifier() } = secrets ?? {};
    const asked = this.client.authorizationUrl(metadata, {
      ...promptFor(metadata, { isForAnother, isForAny: wantedAddress === null }),
      ...wishes,
      response_type: 'code',
      redirect_uri: redirectUri,
      state,
      nonce,
      code_challenge: digestOf(codeVerifier), // RFC 7636 §4.2
      code_challenge_method: 'S256',
    });
    const location = await this.standing.noting('pushed request', asked);
    return { location, kept: keptForUpstream(this.settings.upstream, { state, nonce, codeVerifier }) };
  }

  /** @throws UpstreamRefused, UpstreamUnreachable */
  async finish(attempt: FinishUpstream): Promise<SignedAnswer> {
    const { upstream, state, nonce, codeVerifier } = attempt.kept;
    if (upstream !== this.settings.upstream) throw new UpstreamRefused('wrong-provider');
    if (!state || !nonce || !codeVerifier) throw new UpstreamRefused('replayed', 'nothing is kept of this attempt');
    const answer = new URL(attempt.redirectUri); // the token request must repeat it to the letter
    answer.search = attempt.callback.search;

    const metadata = await this.metadata();
    const answeredBy = this.takeIssuerParameter(answer.searchParams, metadata);
    // Its failure is this attempt's alone: what the code is, and so what the provider answers to it, a visitor may choose.
    const exchanged = this.client.exchange(metadata, answer, { state, codeVerifier });
    const { idToken, accessToken } = await this.standing.noting('token', exchanged);
    this.restsSince = null;
    const claims = await this.orRest('keys', verifiedClaims(idToken, this.documents, this.settings.signatures));
    const now = Math.floor(Date.parse(this.clock.now()) / 1000);
    return {
      claims,
      expectation: { clientId: this.settings.clientId, nonce, now, answeredBy },
      userinfo: () => this.standing.noting('userinfo', this.client.userinfo(metadata, accessToken, claims)),
    };
  }

  /** What it says of itself, asked for now. Resolves whatever comes of it: that is its standing. */
  async examine(): Promise<void> {
    if (!this.isReachable()) return;
    try {
      const metadata = await this.orRest('metadata', this.documents.metadataNow());
      await this.orRest('keys', this.documents.keysNow(metadata));
    } catch (fault) {
      if (!(fault instanceof UpstreamUnreachable)) throw fault;
    }
  }

  private metadata(): Promise<ProviderMetadata> {
    return this.orRest('metadata', this.documents.metadata());
  }

  /** RFC 9207 §2.4, before the code goes anywhere. Taken out then: openid-client compares with the metadata's issuer alone. */
  private takeIssuerParameter(answer: URLSearchParams, { issuer, sendsIssuer }: ProviderMetadata): string | null {
    const { isOwnIssuer = (sent: string) => sent === issuer } = this.settings;
    const [sent, ...more] = answer.getAll('iss');
    if (more.length > 0 || (sent === undefined ? sendsIssuer : !isOwnIssuer(sent))) {
      throw new UpstreamRefused('wrong-provider', 'the answer comes from another issuer');
    }
    answer.delete('iss');
    return sent ?? null;
  }

  private async orRest<T>(part: AskedPart, asking: Promise<T>): Promise<T> {
    try {
      const answer = await this.standing.noting(part, asking);
      this.restsSince = null;
      return answer;
    } catch (fault) {
      if (fault instanceof UpstreamUnreachable) this.restsSince = this.clock.now();
      throw fault;
    }
  }
}

/**
 * Without a wanted address, or after an account that did not do, the provider must not pick in silence: whoever signed in wrongly
 * could never choose another. Every provider knows `login` (OpenID Connect Core 1.0 §3.1.2.1), the others are said where they are known.
 */
function promptFor(
  { prompts }: ProviderMetadata,
  { isForAnother, isForAny }: { readonly isForAnother: boolean; readonly isForAny: boolean },
): { prompt?: string } {
  if (!isForAnother && !isForAny) return {};
  if (prompts.includes('select_account')) return { prompt: 'select_account' };
  return isForAnother ? { prompt: 'login' } : {};
}
