/**
 * The ephemeral store on Redis beside the one in memory, in the same run: what several processes on one store cost. Runs against the
 * server that SEGL_BENCH_REDIS names (it is emptied!), else against a redis-server of this machine, started here; without either
 * it says so and measures nothing.
 */
import { randomBytes } from 'node:crypto';
import { type EphemeralStore, MemoryEphemeralStore, RedisEphemeralStore } from '#libs/ephemeral-store';
// Not by the door: what is behind it needs Jest.
import { redisServerPath, startRedisServer } from '../../libs/ephemeral-store/src/testing/redis-server.ts';

interface Figure {
  name: string;
  ratio: number;
  aim: string;
  detail: string;
}

const ROUNDS = 7;
const CALLS = 2000;
const CALLERS = 64;
const VALUE_BYTES = 25 * 1024 * 1024;
const MAX_BYTES = 200 * 1024 * 1024;

export async function bench(): Promise<Figure[]> {
  const named = process.env.SEGL_BENCH_REDIS;
  if (named === undefined && redisServerPath() === null) {
    process.stdout.write('SKIPPED: no redis-server on this machine, and SEGL_BENCH_REDIS names none\n');
    return [];
  }
  const server = named === undefined ? await startRedisServer() : null;
  const keys = [randomBytes(32)];
  const redis = await RedisEphemeralStore.open(named ?? server?.url ?? '', { maxBytes: MAX_BYTES, key: () => keys });
  const memory = new MemoryEphemeralStore({ maxBytes: MAX_BYTES });
  try {
    return [...(await calls(redis, memory)), ...(await byteValues(redis, memory))];
  } finally {
    await redis.close();
    await memory.close();
    await server?.stop();
  }
}

async function calls(redis: EphemeralStore, memory: EphemeralStore): Promise<Figure[]> {
  const record = randomBytes(300);
  const steps: Record<string, (store: EphemeralStore, call: number) => Promise<unknown>> = {
    put: (store, call) => store.put(`session:${call}`, record, 60),
    get: (store, call) => store.get(`session:${call}`),
    compareAndSet: (store, call) => store.compareAndSet(`session:${call}`, record, record, 60),
    increment: (store, call) => store.increment(`tries:${call % 50}`, { ttlSeconds: 60 }),
    take: (store, call) => store.take(`session:${call}`),
  };
  const figures: Figure[] = [];
  const perSecond = new Map<string, { redis: number[]; memory: number[]; one: number[] }>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, step] of Object.entries(steps)) {
      const rates = perSecond.get(name) ?? { redis: [], memory: [], one: [] };
      perSecond.set(name, rates);
      rates.redis.push(CALLS / (await timed(() => many(redis, step))));
      rates.memory.push(CALLS / (await timed(() => many(memory, step))));
      // One after the other, of keys that are gone for take: the round trip alone.
      rates.one.push(200 / (await timed(() => one(redis, step))));
    }
  }
  for (const [name, rates] of perSecond) {
    const [onRedis, inMemory, alone] = [median(rates.redis), median(rates.memory), median(rates.one)];
    figures.push({
      name: `${name}, Redis / memory, ${CALLERS} callers`,
      ratio: onRedis / inMemory,
      aim: '',
      detail: `${(onRedis / 1000).toFixed(1)} k/s, memory ${(inMemory / 1000).toFixed(0)} k/s; one caller ${(1000 / alone).toFixed(2)} ms`,
    });
  }
  return figures;
}

async function byteValues(redis: EphemeralStore, memory: EphemeralStore): Promise<Figure[]> {
  const value = randomBytes(VALUE_BYTES);
  async function* arriving() {
    for (let offset = 0; offset < value.length; offset += 65_536) yield value.subarray(offset, offset + 65_536);
  }
  const options = { ttlSeconds: 60, maxBytes: VALUE_BYTES };
  const steps: Record<string, (store: EphemeralStore) => Promise<unknown>> = {
    putBytes: (store) => store.putBytes('waiting:a', arriving(), options),
    async getBytes(store) {
      let length = 0;
      for await (const piece of (await store.getBytes('waiting:a')) ?? []) length += piece.byteLength;
      if (length !== VALUE_BYTES) throw new Error(`${length} bytes came back`);
    },
  };
  const figures: Figure[] = [];
  for (const [name, step] of Object.entries(steps)) {
    const seconds = { redis: [] as number[], memory: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      seconds.redis.push(await timed(() => step(redis)));
      seconds.memory.push(await timed(() => step(memory)));
    }
    const [onRedis, inMemory] = [median(seconds.redis), median(seconds.memory)];
    figures.push({
      name: `${name} of 25 MiB, Redis / memory`,
      ratio: inMemory / onRedis,
      aim: '',
      detail: `${(onRedis * 1000).toFixed(0)} ms (${(VALUE_BYTES / onRedis / 1e6).toFixed(0)} MB/s), memory ${(inMemory * 1000).toFixed(1)} ms`,
    });
  }
  return figures;
}

async function many(
  store: EphemeralStore,
  step: (store: EphemeralStore, call: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const caller = async () => {
    for (let call = next++; call < CALLS; call = next++) await step(store, call);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

async function one(
  store: EphemeralStore,
  step: (store: EphemeralStore, call: number) => Promise<unknown>,
): Promise<void> {
  for (let call = 0; call < 200; call++) await step(store, call);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
