import { createHash, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { decodeBech32, encodeBech32 } from '#libs/vocabulary';

/**
 * The hybrid post-quantum keys of age (C2SP age.md, "mlkem768x25519"): an identity is a 32-byte seed, its public half the
 * ML-KEM-768 key and the X25519 key that follow from it. Made and derived by Node's own OpenSSL; a test holds them against
 * the `age-encryption` package.
 */
const IDENTITY_PREFIX = 'age-secret-key-pq-';
const RECIPIENT_PREFIX = 'age1pq';
const SEED_BYTES = 32;
/** 1184 of ML-KEM-768 (FIPS 203 §8) and 32 of X25519. */
const PUBLIC_BYTES = 1184 + 32;

/** PKCS#8 with the 64-byte seed form of an ML-KEM-768 private key (RFC 9935 §6), up to the seed. */
const ML_KEM_768_SEED_PKCS8 = Buffer.from('3054020100300b060960864801650304040204428040', 'hex');
/** PKCS#8 of an X25519 private key (RFC 8410 §7), up to the key. */
const X25519_PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** `AGE-SECRET-KEY-PQ-1…`, 77 characters. */
export function newAgeIdentity(): string {
  return encodeBech32(IDENTITY_PREFIX, randomBytes(SEED_BYTES)).toUpperCase();
}

/** @returns null for what is not a hybrid identity: no other kind of age key is accepted anywhere in Segl. */
export function ageIdentitySeed(identity: string): Buffer | null {
  if (identity !== identity.toUpperCase()) return null;
  const decoded = decodeBech32(identity);
  return decoded?.prefix === IDENTITY_PREFIX && decoded.bytes.length === SEED_BYTES ? decoded.bytes : null;
}

/** Whether the text is a hybrid recipient (`age1pq1…`, 1959 characters). */
export function isAgeRecipient(text: string): boolean {
  if (text !== text.toLowerCase()) return false;
  const decoded = decodeBech32(text);
  return decoded?.prefix === RECIPIENT_PREFIX && decoded.bytes.length === PUBLIC_BYTES;
}

/** The recipient that seals to this seed. About 0.3 ms. */
export function ageRecipientOf(seed: Uint8Array): string {
  const expanded = createHash('shake256', { outputLength: 96 }).update(seed).digest();
  const mlKem = publicBytes(Buffer.concat([ML_KEM_768_SEED_PKCS8, expanded.subarray(0, 64)]), 1184);
  const x25519 = publicBytes(Buffer.concat([X25519_PKCS8, expanded.subarray(64)]), 32);
  expanded.fill(0);
  return encodeBech32(RECIPIENT_PREFIX, Buffer.concat([mlKem, x25519]));
}

function publicBytes(pkcs8: Buffer, length: number): Buffer {
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  pkcs8.fill(0);
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-length);
}
