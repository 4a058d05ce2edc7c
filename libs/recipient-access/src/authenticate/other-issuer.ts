import { keptForUpstream, UpstreamRefused, UpstreamUnreachable } from '#libs/oidc-bridge';
import type { Upstream } from '#libs/oidc-bridge';
import type { MailAddress } from '#libs/vocabulary';
import type { Locale } from '#libs/web-ui';
import { IdentityProvider, IdentityProviderUnavailable } from './identity-provider.ts';
import type { KeptOfRequest } from './identity-provider.ts';
import type { ProvenAddress } from './proof-claims.ts';
import { SignInRefused } from './sign-in-refused.ts';

/**
 * Another issuer in place of our own bridge. It is asked, and its tokens are held to the rules, as an upstream of the bridge is:
 * there is no second reading of either. It counts for the address that it proves, and for nothing it says of methods, readers or roles.
 */
export class OtherIssuer extends IdentityProvider {
  override readonly isOwnBridge = false;

  constructor(
    private readonly upstream: Upstream,
    override readonly clientId: string,
    private readonly redirectUri: string,
  ) {
    super();
  }

  override get issuer(): string {
    return this.upstream.issuer;
  }

  override async begin(address: MailAddress, kept: KeptOfRequest, locale: Locale): Promise<URL> {
    const { redirectUri } = this;
    const { state, ...secrets } = secretsOf(kept);
    const begun = await orUnavailable(
      this.upstream.begin({ state, secrets, redirectUri, wantedAddress: address, locale }),
    );
    return begun.location;
  }

  override async finish(answer: URLSearchParams, request: KeptOfRequest): Promise<ProvenAddress> {
    const { redirectUri } = this;
    const callback = new URL(redirectUri);
    callback.search = answer.toString();
    const kept = keptForUpstream(this.upstream.id, secretsOf(request));
    const identity = await orUnavailable(this.upstream.finish({ callback, redirectUri, kept }));
    const { provenAddress, unproven, method, issuer, subject } = identity;
    if (provenAddress === null) throw new SignInRefused(unproven ?? 'address-unverified');
    return { address: provenAddress, method, issuer, subject };
  }
}

/** An attempt holds more than its request's secrets, and none of that is the upstream's. */
function secretsOf({ state, nonce, codeVerifier }: KeptOfRequest): KeptOfRequest {
  return { state, nonce, codeVerifier };
}

async function orUnavailable<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (cause) {
    if (cause instanceof UpstreamUnreachable) throw new IdentityProviderUnavailable({ cause });
    if (cause instanceof UpstreamRefused) throw new SignInRefused(cause.reason, { cause });
    throw cause;
  }
}
