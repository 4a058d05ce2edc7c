import type { KeyObject } from 'node:crypto';
import type { JWK } from 'oidc-provider';
import type { KeyId, Keyring } from '#libs/keyring';
import { secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/**
 * 15 minutes: a new key is published that long before it signs. Relying parties keep a key set for ten minutes (jose and what
 * is built on it), and every process has followed its keyring long before (5 s).
 */
export const PUBLISHED_BEFORE_SIGNING_SECONDS = 15 * 60;

export type IdTokenAlgorithm = 'ES256' | 'RS256';

export interface OidcKey {
  readonly keyId: KeyId;
  readonly privateKey: KeyObject;
}

/**
 * The P-256 keys in the order in which the library takes them: the one that signs, then the others, newest first. What signs is
 * the newest one that was published for long enough; where none was, the oldest. All of them verify.
 */
export function signingKeyFirst(keyring: Keyring, now: Instant): readonly OidcKey[] {
  return signingFirst(keyring.oidcKeys(), keyring, now);
}

/** The RSA keys in the same order; none where the keyring has none. */
export function rsaSigningKeyFirst(keyring: Keyring, now: Instant): readonly OidcKey[] {
  return signingFirst(keyring.oidcRsaKeys(), keyring, now);
}

/** @param keys of one kind, newest first */
export function signingFirst<Key extends { readonly keyId: KeyId }>(
  keys: readonly Key[],
  keyring: Keyring,
  now: Instant,
): readonly Key[] {
  const createdAt = new Map(keyring.list().map((listing) => [listing.keyId, listing.createdAt]));
  const isKnownEverywhere = ({ keyId }: Key) => {
    const created = createdAt.get(keyId) ?? null;
    return created === null || secondsBetween(created, now) >= PUBLISHED_BEFORE_SIGNING_SECONDS;
  };
  const signing = keys.find(isKnownEverywhere) ?? keys.at(-1);
  return signing === undefined ? [] : [signing, ...keys.filter((key) => key !== signing)];
}

/** Private halves: what the library signs with; it publishes the public members alone. */
export function keySetOf(keys: readonly OidcKey[]): { keys: JWK[] } {
  return {
    keys: keys.map(
      ({ keyId, privateKey }) =>
        ({ ...privateKey.export({ format: 'jwk' }), kid: keyId, alg: algorithmOf(privateKey), use: 'sig' }) as JWK,
    ),
  };
}

/** What ID tokens can be signed with by these keys. RS256 is what every client must know (OpenID Connect Core 1.0 §15.1). */
export function idTokenAlgorithmsOf(keys: readonly OidcKey[]): IdTokenAlgorithm[] {
  return [...new Set(keys.map(({ privateKey }) => algorithmOf(privateKey)))];
}

function algorithmOf(privateKey: KeyObject): IdTokenAlgorithm {
  return privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
}
