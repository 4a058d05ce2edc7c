export {
  EphemeralStore,
  EphemeralStoreFull,
  EphemeralStoreUnavailable,
  EphemeralStoreUnsafe,
  SHARE_OF_BYTE_VALUES,
  type EphemeralKey,
} from './ephemeral-store.ts';
export { MemoryEphemeralStore } from './adapters/memory/memory-ephemeral-store.ts';
export { openRedisEphemeralStore } from './adapters/redis/open.ts';
export { VOUCHED_FACTS, type VouchedFact } from './adapters/redis/vouched-facts.ts';

export { changeJson, getJson, putJson, takeJson } from './json-records.ts';
export { Allowance, noteSuccess, type AllowanceLimits, type Spent } from './allowance.ts';
export { networksAround, type NetworkAround } from './networks-around.ts';
export { Tickets } from './ticket.ts';
export {
  isFlag,
  isNumber,
  isText,
  listOf,
  oneOf,
  orAbsent,
  orNull,
  recordLike,
  recordOf,
  tableOf,
  type FieldCheck,
} from './record-shapes.ts';
