export {
  ephemeralStoreContract,
  type EphemeralStoreUnderTest,
  type OpenEphemeralStore,
} from './ephemeral-store-contract.ts';
