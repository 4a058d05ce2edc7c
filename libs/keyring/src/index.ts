export { newBackupIdentity } from './backup-identity.ts';
export { ageIdentitySeed, isAgeRecipient } from './custody/age-keys.ts';
export {
  type KeyringSecret,
  type KeyringSigner,
  type KeyringVerifier,
  Keyring,
  type KeyringOptions,
  type SealingEpoch,
  type SealingIdentity,
  type SealingRecipient,
} from './keyring.ts';
export { KeyringFault } from './keyring-fault.ts';
export {
  KEY_KINDS,
  type KeyId,
  type KeyKind,
  parseKeyId,
  parseKeyKind,
  type PublicHalf,
  SLOW_KINDS,
} from './custody/key-kinds.ts';
export { DEFAULT_REQUIREMENTS, type KeyRequirement } from './custody/key-directory.ts';
export type { KeyListing } from './custody/key-listing.ts';
export { destroyKey, initKeyring, KeyNotDestroyable, KeyringExists, listKeys, rotateKey } from './change-keys.ts';
export { type Person, PersonKey } from './person/person.ts';
export { PersonDirectory, PersonDirectoryUnavailable } from './person/person-directory.ts';
export { openPostgresPersonDirectory } from './adapters/postgres/open.ts';
export type { PostgresNotice, PostgresPersonDirectoryOptions } from './adapters/postgres/postgres-person-directory.ts';
export { parsePostgresTarget, type PostgresTarget } from './adapters/postgres/postgres-target.ts';
export {
  MAX_PERSON_ROWS,
  type PersonIndexRow,
  type PersonRecord,
  type PersonRows,
  PersonRowsConflict,
} from './person/person-rows.ts';
export { SqlitePersonDirectory } from './adapters/sqlite/sqlite-person-directory.ts';
export {
  decryptDisclosed,
  decryptPersonalData,
  type DisclosureKey,
  disclosureKey,
  type EncryptedPersonalData,
  encryptPersonalData,
  PersonalDataUnreadable,
  personPseudonym,
} from './personal-data.ts';
