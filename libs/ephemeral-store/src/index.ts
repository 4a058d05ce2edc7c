export {
  EphemeralStore,
  EphemeralStoreFull,
  EphemeralStoreUnavailable,
  EphemeralStoreUnsafe,
  EphemeralValueGone,
  MAX_RECORD_BYTES,
  SHARE_OF_BYTE_VALUES,
  TooManyBytes,
  type ByteRange,
  type EphemeralKey,
  type PutBytesOptions,
} from './ephemeral-store.ts';
export { MemoryEphemeralStore } from './adapters/memory/memory-ephemeral-store.ts';
export { openRedisEphemeralStore } from './adapters/redis/open.ts';
export type { RedisEphemeralStoreOptions } from './adapters/redis/redis-ephemeral-store.ts';
export type { RedisNotice } from './adapters/redis/redis-link.ts';
export { changeJson, getJson, putJson, takeJson, type JsonChange } from './json-records.ts';
export { Allowance, noteSuccess, type AllowanceLimits, type Spent, type Standing } from './allowance.ts';
export { Tickets } from './ticket.ts';
