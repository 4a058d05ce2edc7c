import type { OwnBridgeClientSettings, Upstream } from '#libs/oidc-bridge';

/** Our own bridge: it says by which method an address was proven. */
export type OwnBridgeSettings = Pick<OwnBridgeClientSettings, 'issuer' | 'clientKeys' | 'bridgeKeys' | 'fetch'>;

/** Which OpenID provider proves addresses for the portal. The class is its own injection token. */
export class IdentityProviderSettings {
  readonly clientId!: string;
  /** Where the answer is taken: `<publicUrl>/authenticate`. */
  readonly redirectUri!: string;
  /** An upstream stands in place of our own bridge where the configuration names another issuer: it counts for the address alone. */
  readonly provider!: OwnBridgeSettings | Upstream;
}
