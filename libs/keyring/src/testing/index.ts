export {
  anyPerson,
  temporaryKeyring,
  temporaryPersonDirectory,
  type TemporaryKeyring,
  type TemporaryPersonDirectory,
} from './temporary-keyring.ts';
export {
  postgresBinaries,
  startTemporaryPostgres,
  type TemporaryPostgres,
  type TemporaryPostgresOptions,
} from './temporary-postgres.ts';
export { personDirectoryContract, type PersonDirectoryPlace } from './person-directory-contract.ts';
export { personRowsContract, type PersonRowsPlace } from './person-rows-contract.ts';
export { personRecords } from './person-records.ts';
