import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  calculatePKCECodeChallenge,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  PrivateKeyJwt,
} from 'openid-client';
import type { ClientAuth } from 'openid-client';
import { begunParameters, clientSigningKey } from '#libs/oidc-bridge';
import type { BegunAtClient } from '#libs/oidc-bridge';
import type { MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import type { OwnBridgeSettings } from '../identity-provider-settings.ts';
import { IdentityProvider, IdentityProviderUnavailable } from './identity-provider.ts';
import type { KeptOfRequest } from './identity-provider.ts';
import { proofIn } from './proof-claims.ts';
import type { ProvenAddress } from './proof-claims.ts';
import { refusalOf, SignInRefused } from './sign-in-refused.ts';

/** Seconds that one question to the issuer may take. */
const REQUEST_SECONDS = 5;

/** The portal as an ordinary client of its own bridge. */
export class OwnBridge extends IdentityProvider {
  override readonly isOwnBridge = true;
  private configuration: Promise<Configuration> | null = null;

  constructor(
    private readonly bridge: OwnBridgeSettings,
    override readonly clientId: string,
    private readonly redirectUri: string,
  ) {
    super();
  }

  override get issuer(): string {
    return this.bridge.issuer.href;
  }

  /**
   * The address that is wanted goes ahead over a pushed request (RFC 9126), so that it stands in no address bar, history or log on
   * the way. The bridge also gets the mark of the browser that began, and serves no other.
   */
  override async begin(address: MailAddress, kept: KeptOfRequest, locale: Locale, begun: BegunAtClient): Promise<URL> {
    const parameters = {
      redirect_uri: this.redirectUri,
      scope: 'openid email',
      state: kept.state,
      nonce: kept.nonce,
      code_challenge: await calculatePKCECodeChallenge(kept.codeVerifier),
      code_challenge_method: 'S256',
      login_hint: address,
      ui_locales: locale,
      ...begunParameters(begun),
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

  override async finish(answer: URLSearchParams, kept: KeptOfRequest): Promise<ProvenAddress> {
    const configuration = this.withKeysAskedAnew(await this.discovered());
    const callback = new URL(this.redirectUri);
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
    return proofIn(claims);
  }

  /** Asked once, and again after a failure: only a reader who signs in waits for it. */
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
    const { issuer, fetch } = this.bridge;
    return discovery(issuer, this.clientId, undefined, this.clientAuthentication(), {
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
    const { fetch } = this.bridge;
    const anew = new Configuration(discovered.serverMetadata(), this.clientId, undefined, this.clientAuthentication());
    anew.timeout = REQUEST_SECONDS;
    anew[customFetch] = (url, options) => fetch(url, options as RequestInit);
    for (const check of this.checks()) check(anew);
    return anew;
  }

  private checks(): ((configuration: Configuration) => void)[] {
    // Signatures are checked although TLS would do (OpenID Connect Core §3.1.3.7): the proof outlives the connection.
    return [enableNonRepudiationChecks, ...(this.bridge.issuer.protocol === 'http:' ? [allowInsecureRequests] : [])];
  }

  private clientAuthentication(): ClientAuth {
    return (...request) => {
      const [newest] = this.bridge.clientKeys();
      if (newest === undefined) throw new TypeError('no key to prove this client with');
      const key = clientSigningKey(newest.privateKey);
      return PrivateKeyJwt(newest.keyId === null ? key : { key, kid: newest.keyId })(...request);
    };
  }
}
