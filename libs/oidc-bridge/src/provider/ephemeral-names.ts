import type { EphemeralKey } from '#libs/ephemeral-store';
import { digestOf } from '#libs/vocabulary';

/** Where a thing of the bridge lies in the ephemeral store. Its id is often a secret (a code): the key is only a digest of it. */
export function ephemeralKey(kind: string, id: string): EphemeralKey {
  return `oidc:${kind}.${digestOf(`${kind}\0${id}`)}`;
}
