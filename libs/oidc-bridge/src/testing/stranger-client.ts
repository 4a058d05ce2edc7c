import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import * as oidc from 'openid-client';
import type { BrowserAnswer, Transport } from './stranger-client-browser.ts';

/** How a stranger's application is known to the bridge. */
export interface StrangerOptions {
  readonly issuer: URL;
  readonly clientId: string;
  readonly privateKey: KeyObject;
  readonly keyId?: string;
  readonly redirectUri?: string;
  readonly transport: Transport;
  /** What it verifies ID tokens by; default ES256. */
  readonly idTokenAlgorithm?: 'ES256' | 'RS256';
}

/** What a client remembers of an attempt of its own. */
export interface StrangerAttempt {
  readonly codeVerifier: string;
  readonly state: string;
  readonly nonce: string;
  /** Where it sends the browser. */
  readonly location: URL;
}

/**
 * A client as somebody writes it who knows nothing of Segl but its issuer: openid-client, by its book. Discovery, pushed
 * authorization request, code flow with PKCE, nonce, state and the `iss` parameter; client credentials for programs.
 */
export class StrangerClient {
  private constructor(
    readonly configuration: oidc.Configuration,
    private readonly redirectUri: string,
  ) {}

  static async discover(options: StrangerOptions): Promise<StrangerClient> {
    const key = await signingKeyOf(options.privateKey);
    const authentication = oidc.PrivateKeyJwt(options.keyId === undefined ? key : { key, kid: options.keyId });
    const configuration = await oidc.discovery(
      options.issuer,
      options.clientId,
      { id_token_signed_response_alg: options.idTokenAlgorithm ?? 'ES256' },
      authentication,
      {
        [oidc.customFetch]: (url, init) => options.transport(new URL(url), init as RequestInit),
        ...(options.issuer.protocol === 'https:' ? {} : { execute: [oidc.allowInsecureRequests] }),
      },
    );
    return new StrangerClient(configuration, options.redirectUri ?? 'https://stranger.example/callback');
  }

  /** Pushes a request. @param changes to what it would send; `undefined` leaves a parameter out */
  async begin(changes: Readonly<Record<string, string | undefined>> = {}): Promise<StrangerAttempt> {
    const codeVerifier = oidc.randomPKCECodeVerifier();
    const state = oidc.randomState();
    const nonce = oidc.randomNonce();
    const parameters = {
      redirect_uri: this.redirectUri,
      scope: 'openid email',
      code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...changes,
    };
    const sent = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const location = await oidc.buildAuthorizationUrlWithPAR(this.configuration, Object.fromEntries(sent));
    return { codeVerifier, state, nonce, location };
  }

  /** What the browser came back with, for a code, for claims. @throws what openid-client throws */
  finish(attempt: StrangerAttempt, { location }: Pick<BrowserAnswer, 'location'>) {
    return oidc.authorizationCodeGrant(this.configuration, location ?? new URL(this.redirectUri), {
      pkceCodeVerifier: attempt.codeVerifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
  }

  /** A program's own sign-in. */
  credentials(parameters: Record<string, string>) {
    return oidc.clientCredentialsGrant(this.configuration, parameters);
  }
}

export function strangerKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

async function signingKeyOf(key: KeyObject): Promise<oidc.CryptoKey> {
  const algorithm = key.asymmetricKeyType === 'ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: 'P-256' };
  const der = createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'der', type: 'pkcs8' });
  return crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}
