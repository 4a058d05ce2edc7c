export type { BridgeProof, ReaderIdentity, SignInRequest } from './proof.ts';
export {
  authenticationFailed,
  clientSignInEvents,
  clientSignInsStream,
  signInsStream,
  type AuthenticationFailed,
  type SignInFailure,
  type SignInMethod,
} from './sign-in-events.ts';
export {
  Upstream,
  UpstreamRefused,
  UpstreamUnreachable,
  type BeginUpstream,
  type FinishUpstream,
  type KeptForUpstream,
  type Suitability,
  type UpstreamIdentity,
} from './upstreams/upstream.ts';
export { Egress, type EgressDestinations, type Passage } from './upstreams/egress.ts';
export { checkCredential, type ClientCredential } from './upstreams/client-credential.ts';
export { microsoftUpstream, type MicrosoftUpstreamConfig } from './upstreams/microsoft/microsoft-upstream.ts';
export { googleUpstream, type GoogleUpstreamConfig } from './upstreams/google/google-upstream.ts';
export {
  organisationUpstream,
  type OrganisationUpstreamConfig,
} from './upstreams/organisation/organisation-upstream.ts';
export type { ClaimPath, RoleMapping } from './upstreams/organisation/organisation-claims.ts';
export { BridgeProvider, SignInNotHere } from './provider/bridge-provider.ts';
export { BridgeConfigurationFault } from './provider/assert-configuration.ts';
export { PORTAL_CLIENT_ID, portalClientKeys, portalSigningKey, type PortalClientKey } from './provider/clients.ts';
export { apiResourceOf, issuerOf } from './provider/configuration.ts';
export { AccessTokenRefused, AccessTokens, type AccessTokenRefusal } from './provider/access-tokens.ts';
export { ProofNotForConsole, ProofTooOld } from './provider/proofs.ts';
export { OidcBridgeModule } from './oidc-bridge.module.ts';
export { SIGN_IN_ERRORS } from './sign-in/error-pages.ts';
export { RecordFailedSignIn, type TriedWay } from './sign-in/record-failed-sign-in/record-failed-sign-in.ts';
export {
  OidcBridgeSettings,
  PROGRAM_SCOPES,
  type BridgeClient,
  type ProgramClient,
  type ProgramScope,
  type SharedMailboxRule,
  type SignInClient,
} from './settings.ts';
export { begunParameters, type BegunAtClient } from './begun-at-client.ts';
export { clientSigningKey } from './client-signing-key.ts';
