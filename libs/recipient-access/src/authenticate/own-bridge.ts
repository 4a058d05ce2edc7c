import { begunParameters, OwnBridgeClient, OwnBridgeUnavailable } from '#libs/oidc-bridge';
import type { BegunAtClient, RequestSecrets } from '#libs/oidc-bridge';
import type { MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import type { OwnBridgeSettings } from '../identity-provider-settings.ts';
import { IdentityProvider, IdentityProviderUnavailable } from './identity-provider.ts';
import type { KeptOfRequest } from './identity-provider.ts';
import { proofIn } from './proof-claims.ts';
import type { ProvenAddress } from './proof-claims.ts';
import { refusalOf, SignInRefused } from './sign-in-refused.ts';

/** The portal as an ordinary client of its own bridge. */
export class OwnBridge extends IdentityProvider {
  override readonly isOwnBridge = true;
  private readonly client: OwnBridgeClient;

  constructor(
    private readonly bridge: OwnBridgeSettings,
    override readonly clientId: string,
    redirectUri: string,
  ) {
    super();
    this.client = new OwnBridgeClient({ ...bridge, clientId, redirectUri });
  }

  override get issuer(): string {
    return this.bridge.issuer.href;
  }

  /** The bridge also gets the mark of the browser that began, and serves no other. */
  override async begin(address: MailAddress, kept: KeptOfRequest, locale: Locale, begun: BegunAtClient): Promise<URL> {
    const parameters = { login_hint: address, ui_locales: locale, ...begunParameters(begun) };
    try {
      return await this.client.begin(kept, parameters);
    } catch (error) {
      throw unavailableFor(error);
    }
  }

  override async finish(answer: URLSearchParams, kept: RequestSecrets): Promise<ProvenAddress> {
    const claims = await this.client.finish(answer, kept).catch((error: unknown) => {
      const refusal = refusalOf(error);
      throw refusal === null ? unavailableFor(error) : new SignInRefused(refusal);
    });
    if (claims === null) throw new SignInRefused('token-invalid');
    return proofIn(claims);
  }
}

/** In the words of this room; the cause is what the bridge's client met. */
function unavailableFor(error: unknown): IdentityProviderUnavailable {
  return new IdentityProviderUnavailable({ cause: error instanceof OwnBridgeUnavailable ? error.cause : error });
}
