import type { KeyObject, webcrypto } from 'node:crypto';

/**
 * A private key in the form in which OpenID libraries sign with it (private_key_jwt, RFC 7523): EdDSA, ES256, or RS256.
 * @throws TypeError for a key of another kind than Ed25519, P-256 or RSA
 */
export function clientSigningKey(key: KeyObject): webcrypto.CryptoKey {
  let made = signingKeys.get(key);
  if (made === undefined) signingKeys.set(key, (made = toSigningKey(key)));
  return made;
}

/** As long as somebody holds the key itself. */
const signingKeys = new WeakMap<KeyObject, webcrypto.CryptoKey>();

function toSigningKey(key: KeyObject): webcrypto.CryptoKey {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return key.toCryptoKey({ name: 'Ed25519' }, false, ['sign']);
    case 'ec':
      return key.toCryptoKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
    case 'rsa':
      return key.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']);
    default:
      throw new TypeError('a key of another kind than Ed25519, P-256 or RSA');
  }
}
