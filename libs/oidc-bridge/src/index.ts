export { isReaderIdentity, type ReaderIdentity } from './proof.ts';
export {
  authenticationFailed,
  clientSignInEvents,
  signInsStream,
  type AuthenticationFailed,
  type SignInFailure,
  type SignInMethod,
} from './sign-in-events.ts';
export { keptForUpstream, Upstream, UpstreamRefused, UpstreamUnreachable } from './upstreams/upstream.ts';
export { troublesOf, watchUpstreams } from './upstreams/watch-upstreams.ts';
export { type ClientCredential } from './upstreams/client-credential.ts';
export { microsoftUpstream } from './upstreams/microsoft/microsoft-upstream.ts';
export { knownIssuerOf } from './upstreams/known-issuers.ts';
export { googleUpstream } from './upstreams/google/google-upstream.ts';
export { organisationUpstream } from './upstreams/organisation/organisation-upstream.ts';

export {
  OwnBridgeClient,
  OwnBridgeUnavailable,
  type IssuerFetch,
  type OwnBridgeClientSettings,
  type RequestSecrets,
} from './own-client/own-bridge-client.ts';
export { BridgeProvider } from './provider/bridge-provider.ts';
export { BridgeConfigurationFault } from './provider/assert-configuration.ts';
export { CONSOLE_CLIENT_ID, consoleSigningKey, PORTAL_CLIENT_ID, portalSigningKey } from './provider/clients.ts';
export { issuerOf } from './provider/configuration.ts';
export { AccessTokenRefused, AccessTokens } from './provider/access-tokens.ts';

export { OidcBridgeModule } from './oidc-bridge.module.ts';
export { SIGN_IN_ERRORS } from './sign-in/error-pages.ts';

export { NAMED_BY_DEFAULT, NAMING_ACCOUNTS, OidcBridgeSettings, type BridgeClient } from './settings.ts';
export { begunParameters, type BegunAtClient, type SignInAsk } from './begun-at-client.ts';
export { clientSigningKey } from './client-signing-key.ts';
