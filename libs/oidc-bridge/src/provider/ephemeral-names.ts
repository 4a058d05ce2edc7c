import { createHash } from 'node:crypto';
import type { EphemeralKey } from '#libs/ephemeral-store';

/** Where a thing of the bridge lies in the ephemeral store. Its id is often a secret (a code): the key is only a digest of it. */
export function ephemeralKey(kind: string, id: string): EphemeralKey {
  return `oidc:${kind}.${createHash('sha256').update(`${kind}\0${id}`).digest('base64url')}`;
}
