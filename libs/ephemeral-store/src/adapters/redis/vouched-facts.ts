/**
 * What must be so of a server, in the words of the setting `stores.ephemeralVouchedFor`. A file of its own: settings are read without
 * what speaks to Redis.
 */
export const VOUCHED_FACTS = [
  'redis-7',
  'no-replica',
  'no-cluster',
  'no-append-file',
  'no-snapshots',
  'no-eviction',
] as const;

/** Vouched for by the operator, of a managed server that does not say it. */
export type VouchedFact = (typeof VOUCHED_FACTS)[number];
