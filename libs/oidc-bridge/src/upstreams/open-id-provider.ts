import {
  AuthorizationResponseError,
  Configuration,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  customFetch,
  randomNonce,
  randomPKCECodeVerifier,
} from 'openid-client';
import type { CustomFetchOptions } from 'openid-client';
import { plusSeconds } from '#libs/vocabulary';
import type { Clock, DomainError, Instant } from '#libs/vocabulary';
import { checkCredential, clientAuthOf } from './client-credential.ts';
import type { ClientCredential } from './client-credential.ts';
import { MAX_UPSTREAM_EXCHANGE_MS } from './egress.ts';
import type { Passage } from './egress.ts';
import { verifiedClaims } from './id-token.ts';
import type { SignatureRules } from './id-token.ts';
import { ProviderDocuments } from './provider-documents.ts';
import type { ProviderMetadata } from './provider-documents.ts';
import type { TokenClaims, TokenExpectation } from './token-claims.ts';
import { UpstreamRefused, UpstreamUnreachable } from './upstream.ts';
import type { BeginUpstream, FinishUpstream, KeptForUpstream } from './upstream.ts';

/** 30 s during which nobody is sent to a provider that did not answer. */
const REST_SECONDS = 30;

export interface OpenIdProviderSettings {
  /** The upstream's name in the configuration. */
  readonly upstream: string;
  readonly metadataUrl: URL;
  /** As its metadata must call it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly credential: ClientCredential;
  readonly assertionAudience: 'issuer' | 'token-endpoint';
  readonly signatures: SignatureRules;
  /** Whether an answer's `iss` (RFC 9207) is this provider's; the issuer itself by default. */
  readonly isOwnIssuer?: (sent: string) => boolean;
}

/**
 * The protocol that all upstreams share: code flow with PKCE S256, state and nonce of each attempt's own (RFC 9700 §2.1),
 * one code for one token, and a token that one of the provider's keys signed. Whom the token proves is each provider's rule.
 */
export class OpenIdProvider {
  private readonly settings: OpenIdProviderSettings;
  private readonly passage: Passage;
  private readonly clock: Clock;
  private readonly documents: ProviderDocuments;
  private restsUntil: Instant | null = null;

  /** @throws TypeError for a credential that proves nothing */
  constructor(settings: OpenIdProviderSettings, passage: Passage, clock: Clock) {
    checkCredential(settings.credential);
    this.settings = settings;
    this.passage = passage;
    this.clock = clock;
    this.documents = new ProviderDocuments(passage, settings.metadataUrl, settings.issuer, clock);
  }

  isReachable(): boolean {
    return this.restsUntil === null || this.clock.now() >= this.restsUntil;
  }

  /**
   * @param wishes what this provider is told of the account that is wanted, and the scope
   * @throws UpstreamUnreachable, while it rests without asking
   */
  async begin(
    { state, redirectUri, wantedAddress }: BeginUpstream,
    wishes: Readonly<Record<string, string>>,
  ): Promise<{ location: URL; kept: KeptForUpstream }> {
    if (!this.isReachable()) throw new UpstreamUnreachable('rests after it did not answer');
    const metadata = await this.orRest(this.documents.metadata());
    const codeVerifier = randomPKCECodeVerifier();
    const nonce = randomNonce();
    // Without a wanted address the provider must not pick in silence: whoever signed in wrongly could never choose another.
    const choice = wantedAddress === null && metadata.prompts.includes('select_account') ? 'select_account' : null;
    const location = buildAuthorizationUrl(this.configuration(metadata), {
      ...(choice === null ? {} : { prompt: choice }),
      ...wishes,
      response_type: 'code',
      redirect_uri: redirectUri,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    return { location, kept: { upstream: this.settings.upstream, state, nonce, codeVerifier } };
  }

  /**
   * The signed claims of the token that the callback's code is good for. Audience, nonce and time are still to be checked.
   * @throws UpstreamRefused, UpstreamUnreachable
   */
  async finish(attempt: FinishUpstream): Promise<{ claims: TokenClaims; expectation: TokenExpectation }> {
    const { upstream, state, nonce, codeVerifier } = attempt.kept;
    if (upstream !== this.settings.upstream) throw new UpstreamRefused('wrong-provider');
    if (!state || !nonce || !codeVerifier) throw new UpstreamRefused('replayed', 'nothing is kept of this attempt');
    const answer = new URL(attempt.redirectUri); // the token request must repeat it to the letter
    answer.search = attempt.callback.search;

    const metadata = await this.orRest(this.documents.metadata());
    this.checkIssuerParameter(answer.searchParams, metadata);
    // Its failure is this attempt's alone: what the code is, and so what the provider answers to it, a visitor may choose.
    const token = await this.exchange(metadata, answer, state, codeVerifier);
    this.restsUntil = null;
    const claims = await this.orRest(
      verifiedClaims(token, (keyId) => this.documents.keysFor(keyId), this.settings.signatures),
    );
    const now = Math.floor(Date.parse(this.clock.now()) / 1000);
    return { claims, expectation: { clientId: this.settings.clientId, nonce, now } };
  }

  /** RFC 9207 §2.4, before the code goes anywhere. Taken out then: openid-client compares with the metadata's issuer alone. */
  private checkIssuerParameter(answer: URLSearchParams, { issuer, sendsIssuer }: ProviderMetadata): void {
    const { isOwnIssuer = (sent: string) => sent === issuer } = this.settings;
    const [sent, ...more] = answer.getAll('iss');
    if (more.length > 0 || (sent === undefined ? sendsIssuer : !isOwnIssuer(sent))) {
      throw new UpstreamRefused('wrong-provider', 'the answer comes from another issuer');
    }
    answer.delete('iss');
  }

  /** The ID token as it came. */
  private async exchange(
    metadata: ProviderMetadata,
    answer: URL,
    state: string,
    codeVerifier: string,
  ): Promise<string> {
    const configuration = this.configuration(metadata);
    let token: unknown;
    let silence: UpstreamUnreachable | null = null;
    configuration[customFetch] = async (url, options) => {
      try {
        const { response, idToken } = await this.askForToken(url, options);
        token = idToken;
        return response;
      } catch (fault) {
        if (fault instanceof UpstreamUnreachable) silence = fault;
        throw fault;
      }
    };
    try {
      await authorizationCodeGrant(configuration, answer, { pkceCodeVerifier: codeVerifier, expectedState: state });
    } catch (fault) {
      throw silence ?? refusalOf(fault);
    }
    if (typeof token !== 'string') throw new UpstreamRefused('token-invalid', 'no ID token in the answer');
    return token;
  }

  /**
   * The ID token is taken out of the answer before openid-client sees it: that library believes a token by its claims and the
   * connection, and knows Microsoft's issuers in its public cloud alone. Here a signature comes first and the rules are ours.
   */
  private async askForToken(url: string, options: CustomFetchOptions) {
    const { status, headers, body } = await this.passage.ask(new URL(url), {
      method: 'POST',
      headers: Object.fromEntries(new Headers(options.headers)),
      body: String(options.body),
    });
    const { id_token: idToken, ...rest } = jsonObject(body);
    const kept = Object.fromEntries(
      ['content-type', 'www-authenticate'].flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])),
    );
    return { idToken, response: new Response(JSON.stringify(rest), { status, headers: kept }) };
  }

  private configuration(metadata: ProviderMetadata): Configuration {
    const { clientId, credential, assertionAudience } = this.settings;
    const configuration = new Configuration(
      {
        issuer: metadata.issuer,
        authorization_endpoint: metadata.authorizationEndpoint.href,
        token_endpoint: metadata.tokenEndpoint.href,
      },
      clientId,
      {},
      clientAuthOf(credential, {
        methods: metadata.clientAuthMethods,
        algorithms: metadata.clientAuthAlgorithms,
        assertionAudience: assertionAudience === 'issuer' ? metadata.issuer : metadata.tokenEndpoint.href,
      }),
    );
    configuration.timeout = (2 * MAX_UPSTREAM_EXCHANGE_MS) / 1000; // the passage is the one that counts
    // The passage has its own, stricter rule for http: listed private addresses alone.
    if (metadata.tokenEndpoint.protocol === 'http:') allowInsecureRequests(configuration);
    return configuration;
  }

  private async orRest<T>(asking: Promise<T>): Promise<T> {
    try {
      const answer = await asking;
      this.restsUntil = null;
      return answer;
    } catch (fault) {
      if (fault instanceof UpstreamUnreachable) this.restsUntil = plusSeconds(this.clock.now(), REST_SECONDS);
      throw fault;
    }
  }
}

/** Empty for what is no JSON object: openid-client then says that the answer does not conform. */
function jsonObject(body: Uint8Array): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof document === 'object' && document !== null ? { ...document } : {};
  } catch {
    return {};
  }
}

/** What openid-client made of the provider's answer, in the words of the record. */
function refusalOf(fault: unknown): DomainError {
  if (fault instanceof AuthorizationResponseError) {
    return new UpstreamRefused(
      fault.error === 'access_denied' ? 'cancelled' : 'provider-error',
      'said so in its answer',
    );
  }
  if (fault instanceof ResponseBodyError) {
    // A code that is unknown, spent, expired, of another client, or without its PKCE verifier (RFC 6749 §5.2, RFC 7636 §4.6).
    const isSpentCode = fault.error === 'invalid_grant';
    return new UpstreamRefused(isSpentCode ? 'replayed' : 'provider-error', 'refused the code');
  }
  if (fault instanceof WWWAuthenticateChallengeError) {
    return new UpstreamRefused('provider-error', 'refused our credential');
  }
  return new UpstreamRefused('provider-error', 'an answer that does not conform');
}
