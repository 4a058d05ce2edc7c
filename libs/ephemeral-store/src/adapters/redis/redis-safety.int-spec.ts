import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EphemeralStoreUnsafe } from '../../ephemeral-store.ts';
import { redisServerPath, startRedisServer } from '../../testing/redis-server.ts';
import type { RedisServer } from '../../testing/redis-server.ts';
import { RedisEphemeralStore } from './redis-ephemeral-store.ts';
import type { RedisEphemeralStoreOptions } from './redis-ephemeral-store-options.ts';

const withRedis = redisServerPath() === null ? describe.skip : describe;
jest.setTimeout(60_000);

const RUNBOOK = join(import.meta.dirname, '../../../../../ops/runbooks/redis.md');

/** The rules of the user that the runbook makes, without its password. */
async function rulesOfRunbook(): Promise<string[]> {
  const line = /^user segl on >\S+ (.*)$/m.exec(await readFile(RUNBOOK, 'utf8'))?.[1];
  return (line ?? '').split(' ');
}

/** What the runbook writes into redis.conf that has nothing to do with this machine's addresses and files. */
async function settingsOfRunbook(): Promise<Record<string, string>> {
  const block = /^```conf redis\.conf\n([^`]*)```/m.exec(await readFile(RUNBOOK, 'utf8'))?.[1] ?? '';
  const lines = block
    .trim()
    .split('\n')
    .filter((line) => /^(save|appendonly|maxmemory)/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).replace('""', '')]),
  );
}

withRedis('Redis ephemeral store, let in', () => {
  let directory: string;
  const servers: RedisServer[] = [];
  const stores: RedisEphemeralStore[] = [];
  const fronts: Server[] = [];
  const key = randomBytes(32);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'segl-redis-safety-'));
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    for (const front of fronts.splice(0)) front.close();
    for (const server of servers.splice(0)) await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
    const server = await startRedisServer(settings);
    servers.push(server);
    return server;
  }

  async function open(url: string, options: Partial<RedisEphemeralStoreOptions> = {}): Promise<RedisEphemeralStore> {
    const store = await RedisEphemeralStore.open(url, { maxBytes: 1e7, key: () => [key], openMs: 3000, ...options });
    stores.push(store);
    return store;
  }

  /** An address whose new connections can be led elsewhere, as a name that is looked up again. */
  async function startFront(behind: RedisServer): Promise<{ behind: RedisServer; readonly url: string }> {
    const listener = createServer((socket) => {
      const onward = connect(front.behind.port, '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => [socket, onward].forEach((each) => each.destroy()));
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    fronts.push(listener);
    const front = { behind, url: `redis://127.0.0.1:${(listener.address() as AddressInfo).port}` };
    return front;
  }

  async function reasonsOf(url: string): Promise<readonly string[]> {
    const error = await open(url).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(EphemeralStoreUnsafe);
    expect(error).toMatchObject({ code: 'ephemeral-store-unsafe' });
    return (error as EphemeralStoreUnsafe).reasons;
  }

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  const isWritable = (store: RedisEphemeralStore) =>
    store.checkWritable().then(
      () => true,
      () => false,
    );

  it.each([
    ['saves snapshots', { save: '3600 1' }, /save ""/],
    ['appends to a file', { appendonly: 'yes' }, /appendonly no/],
    ['evicts', { 'maxmemory-policy': 'allkeys-lru' }, /noeviction/],
    ['is of a cluster', { 'cluster-enabled': 'yes' }, /cluster/],
  ])('refuses a server that %s', async (_, settings, reason) => {
    const server = await start(settings);
    expect(await reasonsOf(server.url)).toEqual([expect.stringMatching(reason)]);
    expect(await server.command('DBSIZE')).toBe(0); // nothing was written before it was asked
  });

  it('tells all reasons at once', async () => {
    const server = await start({ save: '60 1', appendonly: 'yes', 'maxmemory-policy': 'volatile-ttl' });
    expect(await reasonsOf(server.url)).toHaveLength(3);
  });

  it('refuses a server with a replica, and the replica', async () => {
    const server = await start();
    const replica = await start({ replicaof: `127.0.0.1 ${server.port}` });
    await until(async () => String(await server.command('INFO', 'replication')).includes('connected_slaves:1'));
    await until(async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up'));
    await until(async () => String(await server.command('INFO', 'persistence')).includes('rdb_bgsave_in_progress:0'));
    expect(await reasonsOf(server.url)).toEqual([expect.stringMatching(/replica is attached/)]);
    expect(await reasonsOf(replica.url)).toEqual([expect.stringMatching(/is a replica/)]);
  });

  it.each([
    ['CONFIG', '-config', /\+config\|get/],
    ['INFO', '-info', /\+info/],
  ])('refuses a server that does not let itself be asked by %s', async (_, rule, reason) => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'segl', 'on', '>secret', '~*', '+@all', rule);
    await writeFile(join(directory, 'password'), 'secret\n');
    const url = server.url.replace('//', '//segl@');
    const opened = open(url, { passwordFile: join(directory, 'password') });
    await expect(opened).rejects.toMatchObject({ reasons: [expect.stringMatching(reason)] });
  });

  it('is used no longer when it becomes unsafe, says why, and is used again when it is mended', async () => {
    const server = await start();
    const notices: string[] = [];
    const store = await open(server.url, { checkMs: 30, onNotice: ({ message }) => notices.push(message) });
    await store.put('session:a', Buffer.from('x'), 60);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
    await until(async () => !(await isWritable(store)));
    await expect(store.checkWritable()).rejects.toMatchObject({
      code: 'ephemeral-store-unavailable',
      message: expect.stringMatching(/maxmemory-policy noeviction/),
    });
    await expect(store.get('session:a')).rejects.toThrow(/not safe/);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await until(() => isWritable(store));
    expect(Buffer.from((await store.get('session:a')) ?? []).toString()).toBe('x');
    expect(notices.filter((notice) => notice.includes('noeviction'))).toHaveLength(1);
  });

  it('a managed server that forbids CONFIG is used when its operator vouches for what it does not say', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'segl', 'on', '>secret', '~*', '+@all', '-config');
    await writeFile(join(directory, 'password'), 'secret\n');
    const url = server.url.replace('//', '//segl@');
    const notices: string[] = [];
    const store = await open(url, {
      passwordFile: join(directory, 'password'),
      vouchedFor: ['no-append-file', 'no-snapshots', 'no-eviction'],
      onNotice: ({ message }) => notices.push(message),
    });
    await store.put('session:a', Buffer.from('x'), 60);
    expect(notices).toContainEqual(expect.stringMatching(/vouches for it: no-snapshots, no-append-file, no-eviction/));
  });

  it('one that was demoted while its connection lives is left for whatever its address leads to by then', async () => {
    const [first, second] = [await start(), await start()];
    const front = await startFront(first);
    const store = await open(front.url, { checkMs: 3_600_000 });
    await store.put('session:a', Buffer.from('x'), 60);
    front.behind = second;
    await first.command('REPLICAOF', '127.0.0.1', '1'); // nobody answers there: it stays empty-handed, and read-only
    await until(() =>
      store.put('session:b', Buffer.from('y'), 60).then(
        () => true,
        () => false,
      ),
    );
    expect(await second.command('DBSIZE')).not.toBe(0);
  });

  it('one that is not safe is left in the same way, when it is looked at', async () => {
    const [first, second] = [await start(), await start()];
    const front = await startFront(first);
    const store = await open(front.url, { checkMs: 30 });
    front.behind = second;
    await first.command('CONFIG', 'SET', 'appendonly', 'yes');
    await until(async () => {
      await store.put('session:b', Buffer.from('y'), 60).catch(() => undefined); // not while it is known to be unsafe
      return (await second.command('DBSIZE')) !== 0;
    });
  });

  it('is asked again on each new connection', async () => {
    const server = await start();
    const store = await open(server.url, { checkMs: 3_600_000 });
    await server.command('CONFIG', 'SET', 'appendonly', 'yes');
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(async () => !(await isWritable(store)));
    await until(async () => /append/.test(String(await store.get('session:a').catch(String))));
  });

  it('needs no more than what the runbook allows, on a server as the runbook has it', async () => {
    const settings = await settingsOfRunbook();
    expect(Object.keys(settings)).toHaveLength(4);
    const server = await start(settings);
    await server.command('ACL', 'SETUSER', 'segl', 'on', '>secret', ...(await rulesOfRunbook()));
    await writeFile(join(directory, 'password'), 'secret');
    const url = `${server.url.replace('//', '//segl@')}/2`;
    const store = await open(url, { passwordFile: join(directory, 'password') });
    const source = async function* () {
      yield randomBytes(200_000);
    };
    for (let turn = 0; turn < 2; turn++) {
      await store.put('session:a', Buffer.from('x'), 60);
      expect(await store.compareAndSet('session:a', Buffer.from('x'), Buffer.from('y'), 60)).toBe(true);
      expect(await store.compareAndSet('session:a', Buffer.from('y'), null, 60)).toBe(true);
      expect(await store.take('session:a')).toBeNull();
      expect(await store.increment('tries:a', { ttlSeconds: 60 })).toBe(1);
      await store.extend('tries:a', 60);
      await store.putBytes('waiting:a', source(), { ttlSeconds: 60, maxBytes: 1e6 });
      await store.extend('waiting:a', 60);
      for await (const piece of (await store.getBytes('waiting:a')) ?? []) expect(piece.length).toBeGreaterThan(0);
      await store.put('session:gone', Buffer.from('x'), 0.001);
      await store.usage();
      await store.checkWritable();
      await store.delete('waiting:a');
      await server.command('FLUSHALL');
    }
    expect(await server.command('DBSIZE')).toBe(0); // it has a database of its own: not this one
  });

  it('says that it is not let in, and names no password', async () => {
    const server = await start();
    await server.command('ACL', 'SETUSER', 'segl', 'on', '>right', '~segl:*', '+@all');
    const passwordFile = join(directory, 'password');
    await writeFile(passwordFile, 'wrong-secret');
    const url = server.url.replace('//', '//segl@');
    const refused = await open(url, { passwordFile }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'ephemeral-store-unavailable', message: expect.stringMatching(/password/) });
    expect(JSON.stringify(refused) + String(refused)).not.toContain('wrong-secret');
    await expect(open(url, { passwordFile: join(directory, 'none') })).rejects.toThrow(/cannot be read \(ENOENT\)/);

    // A password that is changed on the server and then in the file: no restart.
    await writeFile(passwordFile, 'right\n');
    const store = await open(url, { passwordFile });
    await server.command('ACL', 'SETUSER', 'segl', 'resetpass', '>newer');
    await writeFile(passwordFile, 'newer\n');
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await until(() => isWritable(store));
  });

  it('waits for no server that is not there, and says so', async () => {
    const server = await start();
    await server.kill();
    await expect(open(server.url, { openMs: 300 })).rejects.toMatchObject({
      code: 'ephemeral-store-unavailable',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it('goes over TLS to whom the CA file vouches for, and to nobody else', async () => {
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    for (const name of ['ca', 'other']) {
      openssl('req', '-x509', ...ec, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`);
    }
    const extension = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'basicConstraints=CA:FALSE'];
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-subj', '/CN=localhost', '-keyout', 'redis.key'];
    openssl('req', '-x509', ...ec, ...signed, ...extension, '-out', 'redis.pem');
    const server = await start({
      'tls-port': 'PORT',
      port: '0',
      'tls-cert-file': join(directory, 'redis.pem'),
      'tls-key-file': join(directory, 'redis.key'),
      'tls-ca-cert-file': join(directory, 'ca.pem'),
      'tls-auth-clients': 'no',
    });
    const url = `rediss://localhost:${server.port}`;
    const store = await open(url, { caFile: join(directory, 'ca.pem') });
    await store.put('session:a', Buffer.from('x'), 60);
    expect(await store.take('session:a')).not.toBeNull();
    const other = open(url, { caFile: join(directory, 'other.pem'), openMs: 300 });
    await expect(other).rejects.toMatchObject({ code: 'ephemeral-store-unavailable' });
    await expect(open(url, { openMs: 300 })).rejects.toMatchObject({ code: 'ephemeral-store-unavailable' });
    const plain = open(server.url, { openMs: 300 });
    await expect(plain).rejects.toMatchObject({ code: 'ephemeral-store-unavailable' });
  });

  it('out of memory before its bound: full, not half, and room can be made', async () => {
    const server = await start();
    const notices: string[] = [];
    const store = await open(server.url, { maxBytes: 1e9, onNotice: ({ message }) => notices.push(message) });
    expect(notices).toContainEqual(expect.stringMatching(/maxmemory/));
    await store.put('session:a', Buffer.from('x'), 60);
    await store.increment('tries:a', { ttlSeconds: 60 });
    const { usedBytes } = await store.usage();
    await server.command('CONFIG', 'SET', 'maxmemory', '1mb');
    const full = { code: 'ephemeral-store-full' };
    await expect(store.put('session:b', Buffer.from('x'), 60)).rejects.toMatchObject(full);
    await expect(store.increment('tries:b', { ttlSeconds: 60 })).rejects.toMatchObject(full);
    const source = (async function* () {
      yield randomBytes(200_000);
    })();
    await expect(store.putBytes('waiting:b', source, { ttlSeconds: 60, maxBytes: 1e6 })).rejects.toMatchObject(full);
    await expect(store.checkWritable()).rejects.toThrow(/out of memory/);
    expect((await store.usage()).usedBytes).toBe(usedBytes);
    expect(await store.extend('session:a', 60)).toBe(true);
    expect(await store.take('session:a')).not.toBeNull();
    await store.delete('tries:a');
    expect((await store.usage()).usedBytes).toBe(0);
  });
});
