import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { ephemeralStoreContract } from '../../testing/index.ts';
import { elapseOnServer, redisServerPath, startRedisServer } from '../../testing/redis-server.ts';
import type { RedisServer } from '../../testing/redis-server.ts';
import { slowed } from '../../testing/slowed-store.ts';
import { RedisEphemeralStore } from './redis-ephemeral-store.ts';

const withRedis = redisServerPath() === null ? describe.skip : describe;

/** A second of the suite is a hundred of the server: none of it expires because a machine is slow. */
const SECONDS_IN_ONE = 100;

withRedis('Redis ephemeral store', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  ephemeralStoreContract('redis', async ({ maxBytes }) => {
    await server.command('FLUSHALL');
    const keys = [randomBytes(32)];
    const opened: RedisEphemeralStore[] = [];
    return {
      connect: async () => {
        const store = await RedisEphemeralStore.open(server.url, { maxBytes, key: () => keys });
        opened.push(store);
        return slowed(store, SECONDS_IN_ONE);
      },
      elapse: (seconds) => elapseOnServer(server, seconds * SECONDS_IN_ONE),
      close: async () => void (await Promise.all(opened.map((store) => store.close()))),
    };
  });
});
