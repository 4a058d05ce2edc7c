import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EphemeralReport } from '../../testing/processes/ephemeral-process.ts';
import { elapseOnServer, redisServerPath, startRedisServer } from '../../testing/redis-server.ts';
import type { RedisServer } from '../../testing/redis-server.ts';
import { RedisEphemeralStore } from './redis-ephemeral-store.ts';
import { PIECE_BYTES, UPLOAD_REST_SECONDS } from './piece-upload.ts';

const withRedis = redisServerPath() === null ? describe.skip : describe;
const PROCESS_FILE = join(import.meta.dirname, '../../testing/processes/ephemeral-process.ts');
/** `SEGL_TEST_FAULTS=200` for a long run. */
const FAULTS = Number(process.env.SEGL_TEST_FAULTS ?? 12);

jest.setTimeout(120_000 + FAULTS * 5000);

withRedis('Redis ephemeral store, when things go wrong', () => {
  const key = randomBytes(32);
  let server: RedisServer;
  let store: RedisEphemeralStore;
  const children = new Set<ChildProcess>();

  const open = (settings: { commandMs?: number } = {}) =>
    RedisEphemeralStore.open(server.url, { maxBytes: 32 * 1024 * 1024, key: () => [key], connectMs: 400, ...settings });

  beforeEach(async () => {
    server = await startRedisServer();
    try {
      store = await open({ commandMs: 400 });
    } catch (error) {
      await server.stop(); // a server that nobody stops would outlive the test
      throw error;
    }
  });
  afterEach(async () => {
    await Promise.all([...children].map(kill));
    server.thaw();
    await store.close();
    await server.stop();
  });

  async function startProcess(
    what: 'load' | 'upload-for-ever',
    onReport: (report: EphemeralReport) => void,
  ): Promise<ChildProcess> {
    const args = [server.url, key.toString('base64url'), what];
    const child = fork(PROCESS_FILE, args, { execArgv: ['--conditions=segl-source'] });
    children.add(child);
    child.on('message', onReport);
    await once(child, 'message');
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    const closed = once(child, 'close'); // by then all that it reported has been read
    child.kill('SIGKILL');
    await closed;
    children.delete(child);
  }

  /** The server's own numbers of those that came over TCP: the stores'. */
  async function connections(): Promise<string[]> {
    const lines = String(await server.command('CLIENT', 'LIST')).split('\n');
    return lines.filter((line) => line.includes('addr=127.0.0.1:')).map((line) => line.split(' ')[0] ?? '');
  }

  /** Tries until it no longer fails: a server that is back is found by itself. */
  async function untilItWorks<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if ((error as { code?: string }).code !== 'ephemeral-store-unavailable') throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  it('a frozen server: every call ends with a reason, and works again once it is thawed', async () => {
    await store.put('session:a', Buffer.from('x'), 60);
    const before = await connections();
    server.freeze();
    const calls = await Promise.allSettled([
      store.get('session:a'),
      store.increment('tries:a', { ttlSeconds: 60 }),
      store.checkWritable(),
      store.usage(),
      store.putBytes(
        'waiting:a',
        (async function* () {
          yield randomBytes(200_000);
        })(),
        { ttlSeconds: 60, maxBytes: 1e6 },
      ),
    ]);
    for (const call of calls) {
      expect(call).toMatchObject({ status: 'rejected', reason: { code: 'ephemeral-store-unavailable' } });
      expect(String((call as PromiseRejectedResult).reason)).not.toContain('127.0.0.1');
    }
    await expect(store.get('session:a')).rejects.toMatchObject({ code: 'ephemeral-store-unavailable' });
    server.thaw();
    expect(Buffer.from((await untilItWorks(() => store.get('session:a'))) ?? []).toString()).toBe('x');
    // Nothing goes over a connection that was late once: what is still under way on it cannot be known.
    expect(await connections()).not.toEqual(expect.arrayContaining(before));
  });

  it('a server that is killed and comes back empty: a reason meanwhile, absence after, and a right account', async () => {
    await store.put('session:a', randomBytes(1000), 60);
    await server.kill();
    await expect(store.get('session:a')).rejects.toMatchObject({ code: 'ephemeral-store-unavailable' });
    await expect(store.checkWritable()).rejects.toThrow(/Redis/);
    await server.start();
    expect(await untilItWorks(() => store.get('session:a'))).toBeNull();
    expect((await store.usage()).usedBytes).toBe(0);
    await store.put('session:a', Buffer.from('again'), 60);
    expect(Buffer.from((await store.take('session:a')) ?? []).toString()).toBe('again');
  });

  it('an emptied server: what was there reads as absent, the account begins anew, other processes agree', async () => {
    const other = await open();
    await store.put('session:a', randomBytes(5000), 60);
    await server.command('FLUSHALL');
    expect(await store.get('session:a')).toBeNull();
    expect((await store.usage()).usedBytes).toBe(0);
    await store.put('session:a', Buffer.from('new'), 60);
    expect(Buffer.from((await other.take('session:a')) ?? []).toString()).toBe('new');
    expect((await other.usage()).usedBytes).toBe(0);

    await server.command('FLUSHALL');
    async function* source() {
      yield randomBytes(200_000);
    }
    expect(await store.putBytes('waiting:a', source(), { ttlSeconds: 60, maxBytes: 1e6 })).toBe(200_000);
    expect(await other.sizeOfBytes('waiting:a')).toBe(200_000);
    await other.close();
  });

  it('a server emptied in the middle of an upload: the upload fails whole, the next one works', async () => {
    async function* emptied() {
      yield randomBytes(300_000);
      await server.command('FLUSHALL');
      yield randomBytes(300_000);
    }
    const options = { ttlSeconds: 60, maxBytes: 1e6 };
    await expect(store.putBytes('waiting:a', emptied(), options)).rejects.toMatchObject({
      code: 'ephemeral-store-unavailable',
    });
    expect(await store.sizeOfBytes('waiting:a')).toBeNull();
    expect((await store.usage()).usedBytes).toBe(0);
    async function* whole() {
      yield randomBytes(300_000);
    }
    expect(await store.putBytes('waiting:a', whole(), options)).toBe(300_000);
  });

  it('an upload whose pieces have gone before its end becomes no value', async () => {
    async function* resting() {
      yield randomBytes(PIECE_BYTES); // one whole piece: nothing is left to be sent after it but the end
      await elapseOnServer(server, UPLOAD_REST_SECONDS);
    }
    await expect(store.putBytes('waiting:a', resting(), { ttlSeconds: 60, maxBytes: 1e6 })).rejects.toMatchObject({
      code: 'ephemeral-store-unavailable',
    });
    expect(await store.sizeOfBytes('waiting:a')).toBeNull();
    expect((await store.usage()).usedBytes).toBe(0);
  });

  it('a server that forgot its scripts is given them again', async () => {
    await store.put('session:a', Buffer.from('x'), 60);
    await server.command('SCRIPT', 'FLUSH');
    expect(Buffer.from((await store.take('session:a')) ?? []).toString()).toBe('x');
    expect(await store.increment('tries:a', { ttlSeconds: 60 })).toBe(1);
  });

  it('a process that dies in the middle of an upload: its room is given back within a minute', async () => {
    let reports = 0;
    const child = await startProcess('upload-for-ever', (report) => void ('uploading' in report && reports++));
    while (reports < 10) await once(child, 'message');
    await kill(child);
    expect(await store.sizeOfBytes('waiting:abandoned')).toBeNull();
    expect((await store.usage()).usedBytes).toBeGreaterThan(500_000);
    expect(UPLOAD_REST_SECONDS).toBeLessThan(60);
    await elapseOnServer(server, UPLOAD_REST_SECONDS);
    expect((await store.usage()).usedBytes).toBe(0);
    expect(await server.command('KEYS', 'segl:b:*')).toEqual([]);
  });

  it('room for one large value is made of as many small ones as have to go', async () => {
    const small = await RedisEphemeralStore.open(server.url, { maxBytes: 300_000, key: () => [key] });
    for (let full = false, index = 0; !full; index++) {
      full = await small.put(`session:${index}`, randomBytes(10), 100).then(
        () => false,
        () => true,
      );
    }
    await elapseOnServer(server, 101);
    await small.put('session:large', randomBytes(60_000), 60);
    await small.close();
  });

  it('the server too keeps the end of a counter, however often it is counted', async () => {
    await store.increment('tries:a', { ttlSeconds: 100 });
    const [name] = (await server.command('KEYS', 'segl:e:*')) as string[];
    const end = await server.command('PEXPIRETIME', name as string);
    await store.increment('tries:a', { ttlSeconds: 600 });
    expect(await server.command('PEXPIRETIME', name as string)).toBe(end);
  });

  it('what is over goes from the server by itself, though no process asks', async () => {
    await store.put('session:a', randomBytes(100), 0.3);
    await store.increment('tries:a', { ttlSeconds: 0.3 });
    async function* source() {
      yield randomBytes(100_000);
    }
    await store.putBytes('waiting:a', source(), { ttlSeconds: 0.3, maxBytes: 1e6 });
    for (;;) {
      const left = (await server.command('KEYS', 'segl:[eb]:*')) as unknown[];
      if (left.length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await store.usage()).usedBytes).toBe(0); // what it cost is given back by the next who looks
    expect(await server.command('HLEN', 'segl:costs')).toBe(0);
    expect(await server.command('ZCARD', 'segl:ends')).toBe(0);
  });

  it(`${FAULTS} faults under the load of three processes: nothing taken twice, no counter back, no half value, a right account`, async () => {
    const taken = new Map<string, number>();
    const counted = new Map<string, Set<number>>();
    const wrong: string[] = [];
    const seen = { taken: 0, counted: 0, read: 0, refused: 0 };
    const loads = new Set<ChildProcess>();
    const startLoad = async () => {
      const last = new Map<string, number>(); // by life, what this process was given last: two of its loops count, so nearly in order
      const onReport = (report: EphemeralReport) => {
        if ('taken' in report) {
          seen.taken++;
          taken.set(report.taken, (taken.get(report.taken) ?? 0) + 1);
        } else if ('counted' in report) {
          seen.counted++;
          const { life, counted: number } = report;
          const numbers = counted.get(life) ?? new Set();
          if (numbers.has(number)) wrong.push(`${number} was given twice`);
          counted.set(life, numbers.add(number));
          if (number < (last.get(life) ?? 0) - 100) wrong.push(`${number} after ${last.get(life)}`);
          last.set(life, number);
        } else if ('half' in report) wrong.push(`a half value of ${report.half}`);
        else if ('fault' in report) wrong.push(report.fault);
        else if ('done' in report) seen[report.done]++;
      };
      loads.add(await startProcess('load', onReport));
    };
    await Promise.all([startLoad(), startLoad(), startLoad()]);

    const faults: Record<string, () => Promise<unknown>> = {
      flush: () => server.command('FLUSHALL'),
      'forget scripts': () => server.command('SCRIPT', 'FLUSH'),
      async 'kill server'() {
        await server.kill();
        await server.start();
      },
      async freeze() {
        server.freeze();
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 900));
        server.thaw();
      },
      async 'kill process'() {
        const [child] = loads as unknown as Iterable<ChildProcess>;
        loads.delete(child as ChildProcess);
        await kill(child as ChildProcess);
        await startLoad();
      },
      'cut connections': () => server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
    };
    const names = Object.keys(faults);
    for (let fault = 0; fault < FAULTS; fault++) {
      const { taken: before } = seen;
      await faults[names[fault % names.length] as string]?.();
      while (seen.taken < before + 20 && wrong.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
    }
    for (const child of loads) await kill(child);

    expect(wrong).toEqual([]);
    expect([...taken.values()].filter((times) => times > 1)).toEqual([]);
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
    const costs = (await untilItWorks(() => store.usage()).then(() =>
      server.command('HVALS', 'segl:costs'),
    )) as string[];
    expect((await store.usage()).usedBytes).toBe(costs.reduce((sum, cost) => sum + Number(cost), 0));
    await elapseOnServer(server, 600);
    expect((await store.usage()).usedBytes).toBe(0);
    expect(await server.command('KEYS', 'segl:[eb]:*')).toEqual([]);
  });
});
