import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { EphemeralStoreUnavailable } from '../../ephemeral-store.ts';

/** Where the server is and how to be let in. The files are read for each connection, so that what they hold can be changed. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly database: number;
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
}

const DEFAULT_PORT = 6379;

/** @throws TypeError that names no secret */
export function parseRedisUrl(text: string, files: { passwordFile?: string; caFile?: string } = {}): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    throw new TypeError('the address of Redis is redis://host:port or rediss://host:port');
  }
  // An address is printed in configurations, process lists and errors; a file is not.
  if (url.password !== '') throw new TypeError('the password of Redis is in a file, not in its address');
  const path = /^\/?(\d{0,5})$/.exec(url.pathname);
  if (path === null || url.search !== '' || url.hash !== '') {
    throw new TypeError(
      'after the port of Redis there may be the number of a database, /0 for instance, and nothing else',
    );
  }
  const isTls = url.protocol === 'rediss:';
  if (files.caFile !== undefined && !isTls) throw new TypeError('a CA file is for rediss:// alone');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    isTls,
    database: Number(path[1] || '0'),
    username: url.username === '' ? undefined : decodeURIComponent(url.username),
    passwordFile: files.passwordFile,
    caFile: files.caFile,
  };
}

/** @throws EphemeralStoreUnavailable */
export async function passwordOf({ passwordFile }: RedisAddress): Promise<string | undefined> {
  if (passwordFile === undefined) return undefined;
  const password = (await readSecret(passwordFile, 'password')).replace(/\r?\n$/, '');
  if (password === '') throw new EphemeralStoreUnavailable('the password file of the ephemeral store is empty');
  return password;
}

/** Checked against the CA file alone where there is one, against the system's own else; never unchecked. */
export async function tlsOf({ isTls, caFile, host }: RedisAddress): Promise<ConnectionOptions | undefined> {
  if (!isTls) return undefined;
  const ca = caFile === undefined ? {} : { ca: await readSecret(caFile, 'CA') };
  // A server name is a name: RFC 6066 §3 has none for addresses.
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  return { ...ca, ...servername, minVersion: 'TLSv1.2', rejectUnauthorized: true };
}

async function readSecret(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new EphemeralStoreUnavailable(`the ${what} file of the ephemeral store cannot be read (${code})`, {
      cause: error,
    });
  }
}
