export {
  EphemeralStore,
  EphemeralStoreFull,
  EphemeralStoreUnavailable,
  EphemeralValueGone,
  TooManyBytes,
  type ByteRange,
  type EphemeralKey,
  type PutBytesOptions,
} from './ephemeral-store.ts';
export { MemoryEphemeralStore } from './adapters/memory/memory-ephemeral-store.ts';
export { getJson, putJson, takeJson } from './json-records.ts';
