import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createClient } from '@redis/client';
import { freePort } from '#libs/vocabulary/testing';

/** A real server of this machine, on loopback, that keeps nothing. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly process: ChildProcess;
  /** One command on a connection of its own: what an operator does beside the store. Answers as text. */
  command(...args: (string | Buffer)[]): Promise<unknown>;
  /** As of a power cut; what was in it is gone. */
  kill(): Promise<void>;
  /** Again after kill, empty, on the same port. */
  start(): Promise<void>;
  /** Answers nothing more, without closing a connection, until it is thawed. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** Debian's redis-server or valkey-server; null where there is none: the tests say SKIPPED then. */
export function redisServerPath(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  for (const name of ['valkey-server', 'redis-server']) {
    for (const folder of [...folders, '/usr/bin']) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // not here
      }
    }
  }
  return null;
}

/** What a safe server is given on its command line, beside where it listens. */
const SAFE: Readonly<Record<string, string>> = {
  save: '',
  appendonly: 'no',
  maxmemory: '256mb',
  'maxmemory-policy': 'noeviction',
};

/** @param settings more of redis.conf, or other than SAFE; `port` '0' with a `tls-port` listens with TLS alone */
export async function startRedisServer(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const path = redisServerPath();
  if (path === null) throw new Error('there is no redis-server on this machine');
  const directory = await mkdtemp(join(tmpdir(), 'segl-redis-'));
  const port = await freePort();
  const socket = join(directory, 'redis.sock');
  const all = { bind: '127.0.0.1', port: String(port), unixsocket: socket, dir: directory, ...SAFE, ...settings };
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value.replace('PORT', String(port))]);
  let child: ChildProcess;

  const start = async () => {
    child = spawn(path, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    for (;;) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      if ((await command('PING').catch(String)) === 'PONG') return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const command = async (...words: (string | Buffer)[]) => {
    const client = createClient({ RESP: 2, socket: { path: socket, reconnectStrategy: false } });
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await start();
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get process() {
      return child;
    },
    command,
    kill,
    start,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Lets so many seconds pass for everything of the ephemeral store that is on the server: what is over by then really expires there. */
export async function elapseOnServer(server: RedisServer, seconds: number): Promise<void> {
  const shift = `
    local by = tonumber(ARGV[1])
    for _, key in ipairs(redis.call('KEYS', 'segl:[eb]:*')) do
      redis.call('PEXPIREAT', key, string.format('%.0f', redis.call('PEXPIRETIME', key) - by))
    end
    for _, member in ipairs(redis.call('ZRANGE', 'segl:ends', 0, -1)) do redis.call('ZINCRBY', 'segl:ends', -by, member) end
    return 1`;
  await server.command('EVAL', shift, '0', String(Math.ceil(seconds * 1000)));
}
