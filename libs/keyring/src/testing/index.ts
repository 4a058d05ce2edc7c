export {
  anyPerson,
  temporaryKeyring,
  temporaryPersonDirectory,
  type TemporaryKeyring,
  type TemporaryPersonDirectory,
} from './temporary-keyring.ts';
export { personDirectoryContract, type PersonDirectoryPlace } from './person-directory-contract.ts';
