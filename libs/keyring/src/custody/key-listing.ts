import type { Instant } from '#libs/vocabulary';
import { hasPrivateHalf } from './key-directory.ts';
import type { KeyDirectoryState } from './key-directory.ts';
import { parseKeyId } from './key-kinds.ts';
import type { KeyId, KeyKind, LoadedKey } from './key-kinds.ts';

export interface KeyListing {
  readonly keyId: KeyId;
  readonly kind: KeyKind;
  readonly version: number;
  /** `public` has no private half here. */
  readonly status: 'current' | 'older' | 'public' | 'destroyed';
  readonly createdAt: Instant | null;
  readonly destroyedAt: Instant | null;
}

/** By kind, newest first, destroyed ones included. */
export function listKeysOf({ keys, destroyed }: KeyDirectoryState): KeyListing[] {
  const listings = [...keys.values()].map((key): KeyListing => {
    const { keyId, kind, version, createdAt } = key;
    const newer = [...keys.values()].some((other) => other.kind === kind && other.version > version && isUsable(other));
    const status = !isUsable(key) ? 'public' : newer ? 'older' : 'current';
    return destroyed.has(keyId)
      ? { keyId, kind, version, status: 'destroyed', createdAt, destroyedAt: destroyed.get(keyId) ?? null }
      : { keyId, kind, version, status, createdAt, destroyedAt: null };
  });
  for (const [keyId, destroyedAt] of destroyed) {
    const named = keys.has(keyId) ? null : parseKeyId(keyId);
    if (named !== null) listings.push({ ...named, status: 'destroyed', createdAt: null, destroyedAt });
  }
  return listings.sort((a, b) => (a.kind === b.kind ? b.version - a.version : a.kind < b.kind ? -1 : 1));

  function isUsable(key: LoadedKey): boolean {
    return hasPrivateHalf(key.material) && !destroyed.has(key.keyId);
  }
}
