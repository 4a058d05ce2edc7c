/**
 * The ephemeral store on Redis, in the same run beside bare commands of the same client on the same server (plain SET, GET, INCR,
 * GETDEL, HSET, HGET: not encrypted, not bounded, not accounted) and beside the store in memory. Runs against the server that SEGL_BENCH_REDIS names (it is emptied!), else against a redis-server of this machine, started here; without either
 * it says so and measures nothing.
 */
import { randomBytes } from 'node:crypto';
import { createClient, RESP_TYPES } from '@redis/client';
import { MemoryEphemeralStore, openRedisEphemeralStore } from '#libs/ephemeral-store';
import type { EphemeralStore } from '#libs/ephemeral-store';
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
const PIECE_BYTES = 64 * 1024;
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
  const url = named ?? server?.url ?? '';
  const redis = await openRedisEphemeralStore(url, { maxBytes: MAX_BYTES, key: () => keys });
  const client = createClient({ url, RESP: 2 });
  client.on('error', () => {});
  await client.connect();
  const bare: Bare = (...args) =>
    client.sendCommand(args, { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }) as Promise<unknown>;
  const memory = new MemoryEphemeralStore({ maxBytes: MAX_BYTES });
  try {
    return [...(await calls(redis, memory, bare)), ...(await byteValues(redis, memory, bare))];
  } finally {
    client.destroy();
    await redis.close();
    await memory.close();
    await server?.stop();
  }
}

type Bare = (...args: (string | Buffer)[]) => Promise<unknown>;
type Step = (call: number) => Promise<unknown>;

async function calls(redis: EphemeralStore, memory: EphemeralStore, bare: Bare): Promise<Figure[]> {
  const record = randomBytes(300);
  const onStore = (store: EphemeralStore): Record<string, Step> => ({
    put: (call) => store.put(`session:${call}`, record, 60),
    get: (call) => store.get(`session:${call}`),
    compareAndSet: (call) => store.compareAndSet(`session:${call}`, record, record, 60),
    increment: (call) => store.increment(`tries:${call % 50}`, { ttlSeconds: 60 }),
    take: (call) => store.take(`session:${call}`),
  });
  const bareSteps: Record<string, Step> = {
    put: (call) => bare('SET', `bare:${call}`, record, 'PX', '60000'),
    get: (call) => bare('GET', `bare:${call}`),
    compareAndSet: (call) => bare('SET', `bare:${call}`, record, 'XX', 'GET', 'PX', '60000'),
    increment: (call) => bare('INCR', `bare:n${call % 50}`),
    take: (call) => bare('GETDEL', `bare:${call}`),
  };
  const [redisSteps, memorySteps] = [onStore(redis), onStore(memory)];
  const figures: Figure[] = [];
  const rates = new Map<string, { redis: number[]; bare: number[]; memory: number[]; ratio: number[] }>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, step] of Object.entries(redisSteps)) {
      const rate = rates.get(name) ?? { redis: [], bare: [], memory: [], ratio: [] };
      rates.set(name, rate);
      const [onRedis, onBare] = [await perSecond(step), await perSecond(bareSteps[name] as Step)];
      rate.redis.push(onRedis);
      rate.bare.push(onBare);
      rate.ratio.push(onRedis / onBare);
      rate.memory.push(await perSecond(memorySteps[name] as Step));
    }
  }
  for (const [name, rate] of rates) {
    const [onRedis, onBare, inMemory] = [rate.redis, rate.bare, rate.memory].map((list) => median(list) / 1000);
    figures.push({
      name: `${name} on Redis, ${CALLERS} callers / bare command`,
      ratio: median(rate.ratio),
      aim: '≥ 0.15',
      detail: `${onRedis?.toFixed(1)} k/s, bare ${onBare?.toFixed(1)} k/s, memory ${inMemory?.toFixed(0)} k/s`,
    });
  }
  return figures;
}

async function byteValues(redis: EphemeralStore, memory: EphemeralStore, bare: Bare): Promise<Figure[]> {
  const value = randomBytes(VALUE_BYTES);
  const pieces = Array.from({ length: VALUE_BYTES / PIECE_BYTES }, (_, piece) =>
    value.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES),
  );
  async function* arriving() {
    yield* pieces;
  }
  const onStore = (store: EphemeralStore): Record<string, Step> => ({
    putBytes: () => store.putBytes('waiting:a', arriving(), { ttlSeconds: 60, maxBytes: VALUE_BYTES }),
    async getBytes() {
      let length = 0;
      for await (const piece of (await store.getBytes('waiting:a')) ?? []) length += piece.byteLength;
      if (length !== VALUE_BYTES) throw new Error(`${length} bytes came back`);
    },
  });
  const bareSteps: Record<string, Step> = {
    putBytes: () => inTurn(4, pieces.length, (piece) => bare('HSET', 'bare:a', String(piece), pieces[piece] as Buffer)),
    getBytes: () => inTurn(2, pieces.length, (piece) => bare('HGET', 'bare:a', String(piece))),
  };
  const [redisSteps, memorySteps] = [onStore(redis), onStore(memory)];
  const figures: Figure[] = [];
  for (const [name, step] of Object.entries(redisSteps)) {
    const seconds = { redis: [] as number[], bare: [] as number[], memory: [] as number[], ratio: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      const [onRedis, onBare] = [await timed(() => step(0)), await timed(() => (bareSteps[name] as Step)(0))];
      seconds.redis.push(onRedis);
      seconds.bare.push(onBare);
      seconds.ratio.push(onBare / onRedis);
      seconds.memory.push(await timed(() => (memorySteps[name] as Step)(0)));
    }
    const rate = VALUE_BYTES / median(seconds.redis) / 1e6;
    const [onRedis, onBare, inMemory] = [seconds.redis, seconds.bare, seconds.memory].map(
      (list) => median(list) * 1000,
    );
    figures.push({
      name: `${name} of 25 MiB on Redis / bare commands`,
      ratio: median(seconds.ratio),
      aim: '≥ 0.3',
      detail: `${onRedis?.toFixed(0)} ms (${rate.toFixed(0)} MB/s), bare ${onBare?.toFixed(0)} ms, memory ${inMemory?.toFixed(1)} ms`,
    });
  }
  return figures;
}

async function perSecond(step: Step): Promise<number> {
  return CALLS / (await timed(() => inTurn(CALLERS, CALLS, step)));
}

/** So many calls, so many of them at once. */
async function inTurn(callers: number, calls: number, step: Step): Promise<void> {
  let next = 0;
  const caller = async () => {
    for (let call = next++; call < calls; call = next++) await step(call);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
