import type { RedisEphemeralStoreOptions } from './redis-ephemeral-store-options.ts';
import type { RedisEphemeralStore } from './redis-ephemeral-store.ts';

/**
 * Opens Redis as an EphemeralStore. What speaks to it is loaded only now: an appliance on one machine pays nothing for what a
 * cluster needs. @throws EphemeralStoreUnsafe, EphemeralStoreUnavailable, TypeError for a faulty address
 */
export async function openRedisEphemeralStore(
  url: string,
  options: RedisEphemeralStoreOptions,
): Promise<RedisEphemeralStore> {
  const adapter = await import('./redis-ephemeral-store.ts');
  return adapter.RedisEphemeralStore.open(url, options);
}
