import {
  AuthorizationResponseError,
  Configuration,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  customFetch,
} from 'openid-client';
import type { CustomFetchOptions } from 'openid-client';
import { MAX_EXCHANGE_MS } from '#libs/egress';
import type { DomainError } from '#libs/vocabulary';
import { checkCredential, clientAuthOf } from './client-credential.ts';
import type { ClientCredential } from './client-credential.ts';
import type { UpstreamPassage } from './upstream-passage.ts';
import type { ProviderMetadata } from './provider-documents.ts';
import type { TokenClaims } from './token-claims.ts';
import { ClientRefused, UpstreamRefused, UpstreamUnreachable } from './upstream.ts';

export interface ProviderClientSettings {
  readonly clientId: string;
  readonly credential: ClientCredential;
  readonly assertionAudience: 'issuer' | 'token-endpoint';
}

/** What a code was good for: as it came, with nothing of it checked. */
export interface Exchanged {
  readonly idToken: string;
  readonly accessToken: string;
}

/** The bridge as a client that a provider knows: pushed requests, codes for tokens, userinfo. Whatever it asks goes through the passage. */
export class ProviderClient {
  /** @throws TypeError for a credential that proves nothing */
  constructor(
    private readonly settings: ProviderClientSettings,
    private readonly passage: UpstreamPassage,
  ) {
    checkCredential(settings.credential);
  }

  /**
   * Where the browser is sent. The request goes ahead (RFC 9126) where the provider takes that, so that the address that is wanted
   * stands in no address bar, history or log on the way.
   * @throws UpstreamUnreachable when it does not take it
   */
  async authorizationUrl(metadata: ProviderMetadata, parameters: Readonly<Record<string, string>>): Promise<URL> {
    const configuration = this.configuration(metadata);
    if (metadata.pushEndpoint === null) return buildAuthorizationUrl(configuration, { ...parameters });
    let silence: UpstreamUnreachable | null = null;
    configuration[customFetch] = async (url, options) => {
      try {
        const { status, body, kept } = await this.post(url, options);
        return new Response(Buffer.from(body), { status, headers: kept });
      } catch (fault) {
        if (fault instanceof UpstreamUnreachable) silence = fault;
        throw fault;
      }
    };
    try {
      return await buildAuthorizationUrlWithPAR(configuration, { ...parameters });
    } catch (cause) {
      const said = cause instanceof ResponseBodyError ? ` (${wordOf(cause.error)})` : '';
      const { host } = metadata.pushEndpoint;
      throw silence ?? new UpstreamUnreachable(`${host}: did not take our pushed request${said}`, { cause });
    }
  }

  /** @throws UpstreamRefused, UpstreamUnreachable */
  async exchange(
    metadata: ProviderMetadata,
    answer: URL,
    { state, codeVerifier }: { readonly state: string; readonly codeVerifier: string },
  ): Promise<Exchanged> {
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
      const { access_token: accessToken } = await authorizationCodeGrant(configuration, answer, {
        pkceCodeVerifier: codeVerifier,
        expectedState: state,
      });
      if (typeof token !== 'string') throw new UpstreamRefused('token-invalid', 'no ID token in the answer');
      return { idToken: token, accessToken };
    } catch (fault) {
      throw silence ?? refusalOf(fault);
    }
  }

  /**
   * What the provider says beyond the ID token, of its very subject (OpenID Connect Core 1.0 §5.3.2). Null where it has no such
   * endpoint. TLS and the listed host vouch for it: nobody signs it.
   * @throws UpstreamRefused, UpstreamUnreachable
   */
  async userinfo(
    { userinfoEndpoint }: ProviderMetadata,
    accessToken: string,
    { sub }: TokenClaims,
  ): Promise<TokenClaims | null> {
    if (userinfoEndpoint === null) return null;
    const headers = { authorization: `Bearer ${accessToken}` };
    const { status, body } = await this.passage.ask(userinfoEndpoint, { headers });
    if (status !== 200) throw new UpstreamRefused('provider-error', `its userinfo answered with status ${status}`);
    const claims = jsonObject(body);
    if (claims === null) throw new UpstreamRefused('provider-error', 'its userinfo is no JSON object');
    if (typeof sub !== 'string' || claims.sub !== sub) {
      throw new UpstreamRefused('token-invalid', 'its userinfo speaks of another account');
    }
    return claims;
  }

  /**
   * The ID token is taken out of the answer before openid-client sees it: that library believes a token by its claims and the
   * connection, and knows Microsoft's issuers in its public cloud alone. Here a signature comes first and the rules are ours.
   */
  private async askForToken(url: string, options: CustomFetchOptions) {
    const { status, body, kept } = await this.post(url, options);
    // Empty for what is no JSON object: openid-client then says that the answer does not conform.
    const { id_token: idToken, ...rest } = jsonObject(body) ?? {};
    return { idToken, response: new Response(JSON.stringify(rest), { status, headers: kept }) };
  }

  private async post(url: string, options: CustomFetchOptions) {
    const { status, headers, body } = await this.passage.ask(new URL(url), {
      method: 'POST',
      headers: Object.fromEntries(new Headers(options.headers)),
      body: String(options.body),
    });
    const kept = Object.fromEntries(
      ['content-type', 'www-authenticate'].flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])),
    );
    return { status, body, kept };
  }

  private configuration(metadata: ProviderMetadata): Configuration {
    const { clientId, credential, assertionAudience } = this.settings;
    const { pushEndpoint } = metadata;
    const configuration = new Configuration(
      {
        issuer: metadata.issuer,
        authorization_endpoint: metadata.authorizationEndpoint.href,
        token_endpoint: metadata.tokenEndpoint.href,
        ...(pushEndpoint === null ? {} : { pushed_authorization_request_endpoint: pushEndpoint.href }),
      },
      clientId,
      {},
      clientAuthOf(credential, {
        methods: metadata.clientAuthMethods,
        algorithms: metadata.clientAuthAlgorithms,
        assertionAudience: assertionAudience === 'issuer' ? metadata.issuer : metadata.tokenEndpoint.href,
      }),
    );
    configuration.timeout = (2 * MAX_EXCHANGE_MS) / 1000; // the passage is the one that counts
    // The passage has its own, stricter rule for http: listed private addresses alone.
    if (metadata.tokenEndpoint.protocol === 'http:') allowInsecureRequests(configuration);
    return configuration;
  }
}

function jsonObject(body: Uint8Array): Record<string, unknown> | null {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof document === 'object' && document !== null && !Array.isArray(document) ? { ...document } : null;
  } catch {
    return null;
  }
}

/** A registered word of OAuth's (RFC 6749 §5.2), or no word: what a provider says may be anything. */
function wordOf(error: string): string {
  return /^[a-z_]{1,40}$/.test(error) ? error : 'an error';
}

/** What openid-client made of the provider's answer, in the words of the record. */
function refusalOf(fault: unknown): DomainError {
  if (fault instanceof UpstreamRefused) return fault;
  if (fault instanceof AuthorizationResponseError) {
    return new UpstreamRefused(
      fault.error === 'access_denied' ? 'cancelled' : 'provider-error',
      'said so in its answer',
    );
  }
  if (fault instanceof ResponseBodyError) {
    if (['invalid_client', 'unauthorized_client'].includes(fault.error)) {
      return new ClientRefused(`refuses our credential (${wordOf(fault.error)})`);
    }
    // A code that is unknown, spent, expired, of another client, or without its PKCE verifier (RFC 6749 §5.2, RFC 7636 §4.6).
    const isSpentCode = fault.error === 'invalid_grant';
    return new UpstreamRefused(isSpentCode ? 'replayed' : 'provider-error', 'refused the code');
  }
  if (fault instanceof WWWAuthenticateChallengeError) {
    return new ClientRefused('refuses our credential');
  }
  return new UpstreamRefused('provider-error', 'an answer that does not conform');
}
