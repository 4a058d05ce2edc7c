import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** DER up to the raw key, so that raw bytes become KeyObjects of the native OpenSSL: SubjectPublicKeyInfo, RFC 8410 and RFC 9935. */
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const MLKEM768_SPKI = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');
/** With the 64-byte seed (d ‖ z of FIPS 203) alone: OpenSSL expands it. */
const MLKEM768_PKCS8 = Buffer.from('3054020100300b060960864801650304040204428040', 'hex');

export const X25519_BYTES = 32;
export const MLKEM768_PUBLIC_BYTES = 1184;
export const MLKEM768_CIPHERTEXT_BYTES = 1088;

export function x25519PublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([X25519_SPKI, raw]), format: 'der', type: 'spki' });
}

export function x25519PrivateKey(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([X25519_PKCS8, raw]), format: 'der', type: 'pkcs8' });
}

/** @throws when a coefficient is not reduced (FIPS 203 §7.2): OpenSSL checks it on import */
export function mlkem768PublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([MLKEM768_SPKI, raw]), format: 'der', type: 'spki' });
}

export function mlkem768PrivateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([MLKEM768_PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

/** The raw public half of an X25519 or ML-KEM-768 key: the tail of its SubjectPublicKeyInfo. */
export function rawPublicKey(key: KeyObject, bytes: number): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(-bytes);
}

/** @returns null for a low-order point: OpenSSL refuses the all-zero secret, as RFC 7748 §6.1 allows and age demands */
export function x25519Secret(privateKey: KeyObject, publicKey: KeyObject): Buffer | null {
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch {
    return null; // both keys are X25519 by construction: nothing else can fail
  }
}
