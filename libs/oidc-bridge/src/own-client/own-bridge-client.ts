import type { KeyObject } from 'node:crypto';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  PrivateKeyJwt,
  setJwksCache,
} from 'openid-client';
import type { ClientAuth, IDToken } from 'openid-client';
import { digestOf, DomainError } from '#libs/vocabulary';
import { clientSigningKey } from '../client-signing-key.ts';

/** Asks the bridge over the network. Its maker bounds it in time; never follows a redirect. */
export type IssuerFetch = (url: string, options: RequestInit) => Promise<Response>;

export interface ClientKey {
  /** `kid` of the assertion; null where the issuer knows the key by no name. */
  readonly keyId: string | null;
  /** Ed25519, P-256, or RSA. */
  readonly privateKey: KeyObject;
}

/** A public half by which the bridge signs. */
export interface BridgeKey {
  readonly keyId: string;
  readonly publicKey: KeyObject;
}

/** How one of our own rooms is known to our own bridge. */
export interface OwnBridgeClientSettings {
  readonly issuer: URL;
  readonly clientId: string;
  readonly redirectUri: string;
  /** Asked at each use, newest first, so that a rotation is followed. */
  readonly clientKeys: () => readonly ClientKey[];
  /**
   * What the bridge signs with for us, where this process has its keyring: asked at each use, so that a destroyed key verifies nothing. Without
   * it the bridge is asked for its keys at each answer.
   */
  readonly bridgeKeys?: () => readonly BridgeKey[];
  readonly fetch: IssuerFetch;
}

/** What is kept of a request until its answer comes. */
export interface RequestSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** The bridge does not answer, or not with what an OpenID provider answers. */
export class OwnBridgeUnavailable extends DomainError {
  constructor(options?: ErrorOptions) {
    super('own-bridge-unavailable', 'our own OpenID provider cannot be asked', options);
  }
}

/** Seconds for which the library is let keep what it knows of the bridge's keys: it would ask for them after 300. */
const KEPT_SECONDS = 240;

/**
 * A room of ours as an ordinary client of the bridge: pushed request (RFC 9126), so that what is wanted stands in no address bar,
 * history or log on the way; code flow with PKCE, `state`, `nonce` and `iss`; private_key_jwt.
 */
export class OwnBridgeClient {
  private configuration: Promise<Configuration> | null = null;
  private withKeys: {
    readonly configuration: Configuration;
    readonly of: Configuration;
    readonly names: string;
    readonly until: number;
  } | null = null;

  constructor(private readonly bridge: OwnBridgeClientSettings) {}

  /** @param parameters beside those of the flow itself. @throws OwnBridgeUnavailable */
  async begin(kept: RequestSecrets, parameters: Readonly<Record<string, string>>): Promise<URL> {
    const pushed = {
      redirect_uri: this.bridge.redirectUri,
      scope: 'openid email',
      state: kept.state,
      nonce: kept.nonce,
      code_challenge: digestOf(kept.codeVerifier), // RFC 7636 §4.2
      code_challenge_method: 'S256',
      ...parameters,
    };
    const configuration = await this.discovered();
    try {
      return configuration.serverMetadata().pushed_authorization_request_endpoint === undefined
        ? buildAuthorizationUrl(configuration, pushed)
        : await buildAuthorizationUrlWithPAR(configuration, pushed);
    } catch (cause) {
      this.configuration = null;
      throw new OwnBridgeUnavailable({ cause });
    }
  }

  /**
   * Exchanges the code of an answer and checks its ID token: signature, issuer, audience, nonce, times.
   * @returns its claims, null where there is no ID token. @throws OwnBridgeUnavailable when it cannot be asked at all; what openid-client throws
   */
  async finish(answer: URLSearchParams, kept: RequestSecrets): Promise<IDToken | null> {
    const configuration = this.withPresentKeys(await this.discovered());
    const callback = new URL(this.bridge.redirectUri);
    callback.search = answer.toString();
    const tokens = await authorizationCodeGrant(configuration, callback, {
      expectedState: kept.state,
      expectedNonce: kept.nonce,
      pkceCodeVerifier: kept.codeVerifier,
      idTokenExpected: true,
    });
    return tokens.claims() ?? null;
  }

  /** Asked once, and again after a failure: only somebody who signs in waits for it. */
  private async discovered(): Promise<Configuration> {
    this.configuration ??= this.discover();
    try {
      return await this.configuration;
    } catch (cause) {
      this.configuration = null;
      throw new OwnBridgeUnavailable({ cause });
    }
  }

  private async discover(): Promise<Configuration> {
    const { issuer, clientId, fetch } = this.bridge;
    const discovered = await discovery(issuer, clientId, undefined, this.clientAuthentication(), {
      execute: this.checks(),
      [customFetch]: (url, options) => fetch(url, options as RequestInit),
    });
    discovered.timeout = undefined; // `fetch` is bounded by itself, and for less than a signal and its timer for each question
    return discovered;
  }

  /**
   * The library keeps an issuer's keys for five minutes, and looks for one that it does not know no sooner than after one. Our own
   * bridge signs with another key at once when the one that signed is destroyed: its keys are those of the keyring as it is now, or
   * are asked for anew, which costs a moment.
   */
  private withPresentKeys(discovered: Configuration): Configuration {
    const keys = this.bridge.bridgeKeys?.();
    if (keys === undefined) return this.anew(discovered);
    const names = keys.map(({ keyId }) => keyId).join();
    const now = performance.now();
    const { withKeys } = this;
    if (withKeys !== null && withKeys.of === discovered && withKeys.names === names && withKeys.until > now)
      return withKeys.configuration;
    const configuration = this.anew(discovered);
    const jwks = {
      keys: keys.map(({ keyId, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid: keyId, use: 'sig' })),
    };
    setJwksCache(configuration, { jwks: jwks as never, uat: Math.floor(Date.now() / 1000) });
    this.withKeys = { configuration, of: discovered, names, until: now + KEPT_SECONDS * 1000 };
    return configuration;
  }

  /** Knows of the bridge what was discovered, and none of its keys. */
  private anew(discovered: Configuration): Configuration {
    const { clientId, fetch } = this.bridge;
    const anew = new Configuration(discovered.serverMetadata(), clientId, undefined, this.clientAuthentication());
    anew.timeout = undefined; // as above
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
