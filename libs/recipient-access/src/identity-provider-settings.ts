import type { KeyObject } from 'node:crypto';

/** Asks the issuer over the network. Bounded in time and size by whoever makes it; never follows a redirect. */
export type IssuerFetch = (url: string, options: RequestInit) => Promise<Response>;

/** Which OpenID provider proves addresses for the portal. The class is its own injection token. */
export class IdentityProviderSettings {
  readonly issuer!: URL;
  readonly clientId!: string;
  /** Where the answer is taken: `<publicUrl>/authenticate`. */
  readonly redirectUri!: string;
  /** Our own bridge says by which method an address was proven; another issuer is believed for `email` and `email_verified` alone. */
  readonly isOwnBridge!: boolean;
  /** Asked at each use, newest first, so that a rotation is followed; null when the client has a secret. */
  readonly clientKeys!: (() => readonly ClientKey[]) | null;
  readonly clientSecret!: string | null;
  readonly fetch!: IssuerFetch;
}

export interface ClientKey {
  /** `kid` of the assertion; null where the issuer knows the key by no name. */
  readonly keyId: string | null;
  /** Ed25519, P-256, or RSA. */
  readonly privateKey: KeyObject;
}
