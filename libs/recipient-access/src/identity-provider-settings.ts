import type { KeyObject } from 'node:crypto';
import type { Upstream } from '#libs/oidc-bridge';

/** Asks the bridge over the network. Its maker bounds it in time; never follows a redirect. */
export type IssuerFetch = (url: string, options: RequestInit) => Promise<Response>;

/** Our own bridge: it says by which method an address was proven. */
export interface OwnBridgeSettings {
  readonly issuer: URL;
  /** Asked at each use, newest first, so that a rotation is followed. */
  readonly clientKeys: () => readonly ClientKey[];
  readonly fetch: IssuerFetch;
}

/** Which OpenID provider proves addresses for the portal. The class is its own injection token. */
export class IdentityProviderSettings {
  readonly clientId!: string;
  /** Where the answer is taken: `<publicUrl>/authenticate`. */
  readonly redirectUri!: string;
  /** An upstream stands in place of our own bridge where the configuration names another issuer: it counts for the address alone. */
  readonly provider!: OwnBridgeSettings | Upstream;
}

export interface ClientKey {
  /** `kid` of the assertion; null where the issuer knows the key by no name. */
  readonly keyId: string | null;
  /** Ed25519, P-256, or RSA. */
  readonly privateKey: KeyObject;
}
