import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisServerPath, startRedisServer } from '../../testing/redis-server.ts';
import type { RedisServer } from '../../testing/redis-server.ts';
import { RedisEphemeralStore } from './redis-ephemeral-store.ts';

const withRedis = redisServerPath() === null ? describe.skip : describe;
const unavailable = { code: 'ephemeral-store-unavailable' };
const options = { ttlSeconds: 60, maxBytes: 1e6 };

withRedis('Redis ephemeral store, read and changed by others', () => {
  let server: RedisServer;
  const opened: RedisEphemeralStore[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
  });
  beforeEach(() => server.command('FLUSHALL'));
  afterEach(async () => void (await Promise.all(opened.splice(0).map((store) => store.close()))));
  afterAll(() => server.stop());

  async function open(keys: () => readonly Uint8Array[]): Promise<RedisEphemeralStore> {
    const store = await RedisEphemeralStore.open(server.url, { maxBytes: 1e7, key: keys, openMs: 100 });
    opened.push(store);
    return store;
  }

  const source = async function* (value: Uint8Array) {
    yield value;
  };
  const read = async (store: RedisEphemeralStore, key: `${string}:${string}`) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of (await store.getBytes(key)) ?? []) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const names = async (pattern: string) => (await server.command('KEYS', pattern)) as string[];
  const text = (value: Uint8Array | null) => (value === null ? null : Buffer.from(value).toString());

  it('shows a dump neither names nor values', async () => {
    const store = await open(() => [Buffer.alloc(32, 7)]);
    await store.put('session:known-name', Buffer.from('known-record'), 60);
    await store.increment('tries:known-name', { ttlSeconds: 60 });
    await store.putBytes('waiting:known-name', source(Buffer.from('known-bytes'.repeat(1000))), options);
    let dump = '';
    for (const name of await names('*')) {
      dump += `${name} ${await server.command('EVAL', "return redis.call('DUMP', KEYS[1])", '1', name)}`;
    }
    expect(dump.length).toBeGreaterThan(11_000);
    expect(dump).not.toContain('known');
    for (const word of ['session', 'tries', 'waiting']) expect(dump).not.toContain(word);
  });

  it('seals the same value anew each time', async () => {
    const store = await open(() => [Buffer.alloc(32, 7)]);
    await store.put('session:a', Buffer.from('same'), 60);
    const [name] = await names('segl:e:*');
    const first = await server.command('GETRANGE', name as string, '33', '-1');
    await store.put('session:a', Buffer.from('same'), 60);
    expect(await server.command('GETRANGE', name as string, '33', '-1')).not.toEqual(first);
  });

  it("refuses a record that was put in another one's place", async () => {
    const store = await open(() => [Buffer.alloc(32, 7)]);
    await store.put('session:a', Buffer.from('mine'), 60);
    const [a] = await names('segl:e:*');
    await store.put('session:b', Buffer.from('yours'), 60);
    const b = (await names('segl:e:*')).find((name) => name !== a);
    await server.command('COPY', b as string, a as string, 'REPLACE');
    await expect(store.get('session:a')).rejects.toMatchObject(unavailable);
    expect(text(await store.get('session:b'))).toBe('yours');
  });

  it('refuses pieces that were swapped, cut, altered or taken from another value, before a byte of them is given', async () => {
    const store = await open(() => [Buffer.alloc(32, 7)]);
    const value = randomBytes(200_000);
    const lua = (script: string, ...keys: string[]) => server.command('EVAL', script, String(keys.length), ...keys);
    const attacks: Record<string, (upload: string, other: string) => Promise<unknown>> = {
      swapped: (upload) =>
        lua(
          "local a, b = redis.call('HGET', KEYS[1], 0), redis.call('HGET', KEYS[1], 1) redis.call('HSET', KEYS[1], 0, b, 1, a)",
          upload,
        ),
      cut: (upload) =>
        lua("redis.call('HSET', KEYS[1], 3, string.sub(redis.call('HGET', KEYS[1], 3), 1, 100))", upload),
      altered: (upload) =>
        lua("redis.call('HSET', KEYS[1], 0, 'x' .. string.sub(redis.call('HGET', KEYS[1], 0), 2))", upload),
      'of another value': (upload, other) =>
        lua("redis.call('HSET', KEYS[1], 0, redis.call('HGET', KEYS[2], 0))", upload, other),
    };
    for (const attack of Object.values(attacks)) {
      await store.putBytes('waiting:other', source(randomBytes(200_000)), options);
      const [other] = await names('segl:b:*');
      await store.putBytes('waiting:a', source(value), options);
      const upload = (await names('segl:b:*')).find((name) => name !== other);
      expect((await read(store, 'waiting:a')).equals(value)).toBe(true);
      await attack(upload as string, other as string);
      await expect(read(store, 'waiting:a')).rejects.toMatchObject(unavailable);
      await server.command('FLUSHALL');
    }
  });

  it('refuses a value whose last pieces were left out', async () => {
    const store = await open(() => [Buffer.alloc(32, 7)]);
    await store.putBytes('waiting:a', source(randomBytes(200_000)), options);
    const [upload] = await names('segl:b:*');
    await server.command('HDEL', upload as string, '3');
    await expect(read(store, 'waiting:a')).rejects.toMatchObject({ code: 'ephemeral-value-gone' });
  });

  describe('when keys change', () => {
    const [older, newer] = [randomBytes(32), randomBytes(32)];

    it('reads, takes and compares what was put under the older one, and counts on', async () => {
      const before = await open(() => [older]);
      await before.put('session:a', Buffer.from('a'), 60);
      await before.put('session:b', Buffer.from('b'), 60);
      await before.increment('tries:a', { ttlSeconds: 60 });
      await before.putBytes('waiting:a', source(Buffer.from('bytes')), options);
      const after = await open(() => [newer, older]);
      expect(text(await after.get('session:a'))).toBe('a');
      expect(await after.compareAndSet('session:a', Buffer.from('a'), Buffer.from('c'), 60)).toBe(true);
      expect(text(await after.take('session:b'))).toBe('b');
      expect(await after.increment('tries:a', { ttlSeconds: 60 })).toBe(2);
      expect((await read(after, 'waiting:a')).toString()).toBe('bytes');
    });

    it('seals anew what is read, so that it outlives the older one', async () => {
      let keys: readonly Uint8Array[] = [older];
      const store = await open(() => keys);
      await store.put('session:a', Buffer.from('a'), 60);
      const { usedBytes } = await store.usage();
      keys = [newer, older];
      expect(text(await store.get('session:a'))).toBe('a');
      keys = [newer];
      expect(text(await store.get('session:a'))).toBe('a');
      expect((await store.usage()).usedBytes).toBe(usedBytes);
      const begun = await open(() => [newer]); // it never had the key under which all began
      expect(text(await begun.get('session:a'))).toBe('a');
      expect(await begun.compareAndSet('session:a', Buffer.from('a'), null, 60)).toBe(true);
    });

    it('says that a key is missing, and leaves what is under it to those who have it', async () => {
      const ahead = await open(() => [newer, older]);
      const behind = await open(() => [older]);
      await ahead.put('session:a', Buffer.from('a'), 60);
      await ahead.putBytes('waiting:a', source(Buffer.from('bytes')), options);
      await expect(behind.get('session:a')).rejects.toThrow(/key that this process does not have/);
      await expect(behind.take('session:a')).rejects.toMatchObject(unavailable);
      await expect(behind.sizeOfBytes('waiting:a')).rejects.toMatchObject(unavailable);
      expect(text(await ahead.take('session:a'))).toBe('a');
    });

    it('joins nothing that was begun under keys it does not have', async () => {
      const store = await open(() => [older]);
      await store.put('session:a', Buffer.from('a'), 60);
      await expect(open(() => [newer])).rejects.toThrow(/begun under keys/);
      await expect(open(() => [])).rejects.toThrow(/no key/);
      await expect(open(() => [Buffer.alloc(16)])).rejects.toThrow(/32 bytes/);
    });
  });
});
