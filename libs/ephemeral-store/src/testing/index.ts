export {
  ephemeralStoreContract,
  type EphemeralStoreUnderTest,
  type OpenEphemeralStore,
} from './ephemeral-store-contract.ts';
export { type RedisServer, redisServerPath, startRedisServer } from './redis-server.ts';
