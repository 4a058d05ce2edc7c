import { createHash } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, modifyAssertion } from 'openid-client';
import type { ClientAuth } from 'openid-client';

/** By what the bridge proves itself to a provider: what the provider's registration says. Values: the app reads the files. */
export type ClientCredential =
  | { readonly secret: string }
  | {
      /** RSA of 2048 bits and more, P-256 or Ed25519. */
      readonly privateKey: KeyObject;
      /** The registered certificate; Entra finds the key by its thumbprint. */
      readonly certificate?: X509Certificate;
      /** `kid`, where the provider wants one. */
      readonly keyId?: string;
    };

export interface ClientAuthWishes {
  /** `token_endpoint_auth_methods_supported`; by default `client_secret_basic` alone (OpenID Connect Discovery 1.0 §3). */
  readonly methods: readonly string[];
  /** `token_endpoint_auth_signing_alg_values_supported`. */
  readonly algorithms: readonly string[];
  /** `aud` of the assertion: RFC 7523 leaves it open, and providers differ. */
  readonly assertionAudience: string;
}

/** Checked when an upstream is made, so that a start says it, not a reader's sign-in. @throws TypeError for what proves nothing */
export function checkCredential(credential: ClientCredential): void {
  if ('secret' in credential) {
    if (credential.secret === '') throw new TypeError('an empty client secret');
    return;
  }
  if (credential.privateKey.type !== 'private') throw new TypeError('a private key is needed, this is another');
  signatureOf(credential.privateKey, [], false);
}

export function clientAuthOf(credential: ClientCredential, wishes: ClientAuthWishes): ClientAuth {
  if ('secret' in credential) {
    // In the body where it may be: providers disagree on how the header form is escaped.
    const inHeader = wishes.methods.includes('client_secret_basic') && !wishes.methods.includes('client_secret_post');
    return inHeader ? ClientSecretBasic(credential.secret) : ClientSecretPost(credential.secret);
  }
  const { privateKey, certificate, keyId } = credential;
  const key = privateKey.toCryptoKey(signatureOf(privateKey, wishes.algorithms, certificate !== undefined), false, [
    'sign',
  ]);
  return PrivateKeyJwt(keyId === undefined ? key : { key, kid: keyId }, {
    [modifyAssertion](header, payload) {
      payload.aud = wishes.assertionAudience;
      header.typ = 'JWT';
      if (certificate !== undefined) header['x5t#S256'] = thumbprintOf(certificate);
    },
  });
}

/** base64url of the SHA-256 of the certificate's DER: RFC 7515 §4.1.8. */
function thumbprintOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('base64url');
}

/** Entra wants PS256 with `x5t#S256`; elsewhere RS256 is what everybody takes, unless the provider says otherwise. */
function signatureOf(key: KeyObject, advertised: readonly string[], withThumbprint: boolean) {
  switch (key.asymmetricKeyType) {
    case 'rsa': {
      if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
        throw new TypeError('an RSA key of at least 2048 bits');
      const onlyPss = advertised.includes('PS256') && !advertised.includes('RS256');
      return { name: withThumbprint || onlyPss ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    }
    case 'ec':
      if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new TypeError('an elliptic key must be P-256');
      return { name: 'ECDSA', namedCurve: 'P-256' };
    case 'ed25519':
      return { name: 'Ed25519' };
    default:
      throw new TypeError('a private key for signing must be RSA, P-256 or Ed25519');
  }
}
