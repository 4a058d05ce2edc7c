import type { BegunAtClient } from '#libs/oidc-bridge';
import { DomainError } from '#libs/vocabulary';
import type { MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import type { ProvenAddress } from './proof-claims.ts';

/** What is kept of a request until its answer comes. */
export interface KeptOfRequest {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** The issuer does not answer, or not with what an OpenID provider answers. Nothing is wrong with the reader's doing. */
export class IdentityProviderUnavailable extends DomainError {
  constructor(options?: ErrorOptions) {
    super('identity-provider-unavailable', 'the identity provider cannot be asked', options);
  }
}

/** Who proves addresses for the portal: its own bridge, or the issuer that the configuration names. The class is its own injection token. */
export abstract class IdentityProvider {
  abstract readonly issuer: string;
  abstract readonly clientId: string;
  /** Our own bridge records by itself what came of a sign-in there. */
  abstract readonly isOwnBridge: boolean;

  /** Where the browser goes to prove this address. @throws IdentityProviderUnavailable */
  abstract begin(address: MailAddress, kept: KeptOfRequest, locale: Locale, begun: BegunAtClient): Promise<URL>;

  /**
   * Exchanges the code of an answer and checks its ID token: signature, issuer, audience, nonce, times.
   * @throws SignInRefused with the reason for the record; IdentityProviderUnavailable
   */
  abstract finish(answer: URLSearchParams, kept: KeptOfRequest): Promise<ProvenAddress>;
}
