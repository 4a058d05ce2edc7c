import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  calculatePKCECodeChallenge,
  ClientSecretBasic,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  PrivateKeyJwt,
} from 'openid-client';
import type { ClientAuth } from 'openid-client';
import { begunParameters, clientSigningKey } from '#libs/oidc-bridge';
import type { BegunAtClient, SignInMethod } from '#libs/oidc-bridge';
import { AddressRefused, DomainError, parseMailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import type { IdentityProviderSettings } from '../identity-provider-settings.ts';
import { proofIn } from './proof-claims.ts';
import type { ProvenAddress } from './proof-claims.ts';
import { refusalOf, SignInRefused } from './sign-in-refused.ts';

/** What is kept of a request until its answer comes. */
export interface KeptOfRequest {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Seconds that one question to the issuer may take. */
const REQUEST_SECONDS = 5;

/** The issuer does not answer, or not with what an OpenID provider answers. Nothing is wrong with the reader's doing. */
export class IdentityProviderUnavailable extends DomainError {
  constructor(options?: ErrorOptions) {
    super('identity-provider-unavailable', 'the identity provider cannot be asked', options);
  }
}

/** The portal as an ordinary client of an OpenID provider: its own bridge, or whichever the configuration names. */
export class IdentityProvider {
  private configuration: Promise<Configuration> | null = null;

  constructor(private readonly settings: IdentityProviderSettings) {}

  get issuer(): string {
    return this.settings.issuer.href;
  }

  get clientId(): string {
    return this.settings.clientId;
  }

  get isOwnBridge(): boolean {
    return this.settings.isOwnBridge;
  }

  /**
   * Where the browser goes. The address that is wanted goes ahead over a pushed request (RFC 9126) where the issuer takes one, so
   * that it stands in no address bar, history or log on the way. Our own bridge is told as well which browser began, and serves no other.
   * @throws IdentityProviderUnavailable
   */
  async begin(address: string, kept: KeptOfRequest, locale: Locale, begun: BegunAtClient): Promise<URL> {
    const parameters = {
      redirect_uri: this.settings.redirectUri,
      scope: 'openid email',
      state: kept.state,
      nonce: kept.nonce,
      code_challenge: await calculatePKCECodeChallenge(kept.codeVerifier),
      code_challenge_method: 'S256',
      login_hint: address,
      ui_locales: locale,
      ...(this.isOwnBridge ? begunParameters(begun) : {}),
    };
    const configuration = await this.discovered();
    try {
      return configuration.serverMetadata().pushed_authorization_request_endpoint === undefined
        ? buildAuthorizationUrl(configuration, parameters)
        : await buildAuthorizationUrlWithPAR(configuration, parameters);
    } catch (cause) {
      this.configuration = null;
      throw new IdentityProviderUnavailable({ cause });
    }
  }

  /**
   * Exchanges the code of an answer and checks its ID token: signature, issuer, audience, nonce, times.
   * @throws SignInRefused with the reason for the record; IdentityProviderUnavailable
   */
  async finish(answer: URLSearchParams, kept: KeptOfRequest): Promise<ProvenAddress> {
    const discovered = await this.discovered();
    const configuration = this.isOwnBridge ? this.withKeysAskedAnew(discovered) : discovered;
    const callback = new URL(this.settings.redirectUri);
    callback.search = answer.toString();
    const claims = await authorizationCodeGrant(configuration, callback, {
      expectedState: kept.state,
      expectedNonce: kept.nonce,
      pkceCodeVerifier: kept.codeVerifier,
      idTokenExpected: true,
    }).then(
      (tokens) => tokens.claims(),
      (error: unknown) => {
        const refusal = refusalOf(error);
        throw refusal === null ? new IdentityProviderUnavailable({ cause: error }) : new SignInRefused(refusal);
      },
    );
    if (claims === undefined) throw new SignInRefused('token-invalid');
    return this.settings.isOwnBridge ? proofIn(claims) : this.vouchedFor(claims);
  }

  /** Another issuer counts for what it says of the address itself, and for no more. */
  private vouchedFor(
    claims: Readonly<Record<string, unknown>> & { readonly sub: string; readonly iss: string },
  ): ProvenAddress {
    if (claims['email_verified'] !== true || typeof claims['email'] !== 'string') {
      throw new SignInRefused('address-unverified');
    }
    try {
      const method: SignInMethod = 'organisation';
      return { address: parseMailAddress(claims['email']), method, issuer: claims.iss, subject: claims.sub };
    } catch (error) {
      if (!(error instanceof AddressRefused)) throw error;
      throw new SignInRefused('address-unverified');
    }
  }

  /** Asked once, and again after a failure: whoever signs in waits for it, nobody else. */
  private async discovered(): Promise<Configuration> {
    this.configuration ??= this.discover();
    try {
      return await this.configuration;
    } catch (cause) {
      this.configuration = null;
      throw new IdentityProviderUnavailable({ cause });
    }
  }

  private discover(): Promise<Configuration> {
    const { issuer, clientId, fetch } = this.settings;
    return discovery(issuer, clientId, undefined, this.clientAuthentication(), {
      timeout: REQUEST_SECONDS,
      execute: this.checks(),
      [customFetch]: (url, options) => fetch(url, options as RequestInit),
    });
  }

  /**
   * The library keeps an issuer's keys for five minutes, and looks for one that it does not know no sooner than after one. Our own
   * bridge signs with another key at once when the one that signed is destroyed; asking it again costs a moment on loopback.
   */
  private withKeysAskedAnew(discovered: Configuration): Configuration {
    const { clientId, fetch } = this.settings;
    const anew = new Configuration(discovered.serverMetadata(), clientId, undefined, this.clientAuthentication());
    anew.timeout = REQUEST_SECONDS;
    anew[customFetch] = (url, options) => fetch(url, options as RequestInit);
    for (const check of this.checks()) check(anew);
    return anew;
  }

  private checks(): ((configuration: Configuration) => void)[] {
    // Signatures are checked although TLS would do (OpenID Connect Core §3.1.3.7): the proof outlives the connection.
    return [enableNonRepudiationChecks, ...(this.settings.issuer.protocol === 'http:' ? [allowInsecureRequests] : [])];
  }

  private clientAuthentication(): ClientAuth {
    const { clientKeys, clientSecret } = this.settings;
    if (clientKeys === null) return ClientSecretBasic(clientSecret ?? '');
    return (...request) => {
      const [newest] = clientKeys();
      if (newest === undefined) throw new TypeError('no key to prove this client with');
      const key = clientSigningKey(newest.privateKey);
      return PrivateKeyJwt(newest.keyId === null ? key : { key, kid: newest.keyId })(...request);
    };
  }
}
