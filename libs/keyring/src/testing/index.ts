export {
  anyPerson,
  temporaryKeyring,
  temporaryPersonDirectory,
  type TemporaryKeyring,
  type TemporaryPersonDirectory,
} from './temporary-keyring.ts';
