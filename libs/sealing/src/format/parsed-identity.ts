import type { SealingIdentity } from '#libs/keyring';
import { HybridIdentity } from './age/hybrid.ts';

const parsed = new WeakMap<SealingIdentity, HybridIdentity>();

/**
 * Its keys, expanded once: that takes longer than to unwrap a file key with them. They are kept as long as whoever holds the identity keeps this very
 * object, which the keyring drops with the key.
 * @throws TypeError for what is no hybrid identity
 */
export function parsedIdentity(identity: SealingIdentity): HybridIdentity {
  let known = parsed.get(identity);
  if (known === undefined) parsed.set(identity, (known = HybridIdentity.parse(identity.identity)));
  return known;
}
