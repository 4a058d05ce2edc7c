export { CanaryAskedTooOften } from './canary/asked-runs.ts';
export { Canary, canaryStandingIn, type SealCanaryMail } from './canary/canary.ts';
export { CANARY_STEPS, type CanaryRun, CanaryStopped, CanaryUnderWay } from './canary/canary-run.ts';
export { CannotListen } from './cannot-listen.ts';
export type { CheckedParts } from './checks/check.ts';
export { isBehindProxy } from './checks/around-it.ts';
export { checksFor } from './checks/checks.ts';
export { type Readiness, readinessOf } from './checks/readiness.ts';
export { LEAK_SENTENCES, protectProcess } from './process-protection.ts';
export {
  hasRole,
  isShared,
  keysIfThereOf,
  keysOf,
  partsOf,
  pathsElsewhere,
  type Role,
  ROLE_PARTS,
  ROLES,
} from './roles.ts';
export { hasCanary } from './settings/canary-settings.ts';
export { readPlaces, readSettings, settingsAsFarAsWell, settingsWhereWell } from './settings/config.ts';
export type { SettingsAsFarAsWell } from './settings/setting-faults.ts';
export { configurationFiles } from './settings/configuration-files.ts';
export { ConfigurationFault, EXIT_CONFIGURATION } from './settings/configuration-fault.ts';
export { isLoopback } from './settings/loopback.ts';
export { takesBounces } from './settings/gateway-settings.ts';
export { organisationProfile, portalOrganisation } from './settings/organisation.ts';
export { type Places, type Settings, settingsSchema } from './settings/settings.ts';
export { certificateFilesOf, listensForMail } from './settings/smtp-settings.ts';
export type { SignInSettings } from './settings/sign-in-settings.ts';
export { VARIABLES } from './settings/variables.ts';
export { type SignInParts, signInParts } from './sign-in/sign-in-parts.ts';
export { Closing } from './stores/closing.ts';
export { markAsDemonstration, prepareDataDirectory } from './stores/data-directory.ts';
export { DATA_FILES, noteDemonstrationAddress, embeddedUrl, isOfDemonstration } from './stores/data-files.ts';
export { dkimSelectorOf } from './stores/dkim-keys.ts';
export {
  openEphemeralStore,
  openEventStore,
  openPersonDirectory,
  sqlitePath,
  type StorePlace,
} from './stores/open-adapters.ts';
export { ledgerOrigin } from './stores/open-ledger.ts';
export { openStores } from './stores/open-stores.ts';
export type { OpenedStores } from './stores/opened-stores.ts';
export { PROJECTIONS } from './stores/projections.ts';
export { isEmbedded, type StoreFiles, storeUrlFault } from './stores/store-urls.ts';
export { openWhenReachable } from './stores/waiting-room.ts';
