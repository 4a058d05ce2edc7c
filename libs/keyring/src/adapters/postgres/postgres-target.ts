import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';

const DEFAULT_PORT = 5432;
/** TLS 1.2 is what PostgreSQL 15 offers at least (ssl_min_protocol_version). */
const MIN_TLS_VERSION = 'TLSv1.2';

/** Where a server is, without anything secret. */
export interface PostgresTarget {
  /** A host name, an address, or the directory of a Unix socket (begins with a slash). */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Always with the host's name verified; false only on this machine itself. */
  readonly isEncrypted: boolean;
}

/**
 * Reads `postgres://<user>@<host>[:<port>]/<database>[?sslmode=verify-full]`; a Unix socket is named by its directory,
 * percent-encoded, in the host's place: `postgres://segl@%2Frun%2Fpostgresql/segl`. Without `sslmode`, what stays on this machine
 * (a Unix socket, a loopback address) goes in plain and everything else by TLS with the host's name verified.
 * Nothing is taken from `PG…` variables, `~/.pgpass` or service files.
 * @throws PersonDirectoryUnavailable  whose message quotes nothing of the text: somebody may have put a password there
 */
export function parsePostgresTarget(text: string): PostgresTarget {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol) || url.hostname === '') {
    throw wrong('it must be postgres://<user>@<host>[:<port>]/<database>');
  }
  if (url.password !== '') throw wrong('it holds a password: put that into a file of its own and name the file');
  const [user, database] = [decoded(url.username), decoded(url.pathname.slice(1))];
  if (user === '') throw wrong('it names no user: postgres://<user>@…');
  if (database === '' || database.includes('/'))
    throw wrong('it names no database: postgres://<user>@<host>/<database>');
  const host = decoded(url.hostname).replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user,
    database,
    isEncrypted: isEncrypted(host, url.searchParams),
  };
}

/** @param caFile  PEM of the authorities to trust instead of Node's own list @throws PersonDirectoryUnavailable */
export async function tlsOf(target: PostgresTarget, caFile: string | undefined): Promise<ConnectionOptions | false> {
  if (!target.isEncrypted) {
    if (caFile !== undefined) {
      throw wrong('a CA file is given, but this connection is not encrypted: add ?sslmode=verify-full');
    }
    return false;
  }
  const ca = caFile === undefined ? undefined : await contentOf(caFile, 'CA file');
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw wrong('the CA file holds no certificate in PEM');
  }
  return { rejectUnauthorized: true, minVersion: MIN_TLS_VERSION, ...(ca === undefined ? {} : { ca }) };
}

/** Read for each new connection, so that a changed password is followed. @throws PersonDirectoryUnavailable */
export async function passwordOf(passwordFile: string | undefined): Promise<string> {
  if (passwordFile === undefined) {
    throw new PersonDirectoryUnavailable('the person directory’s PostgreSQL asks for a password: name a password file');
  }
  const password = (await contentOf(passwordFile, 'password file')).replace(/\r?\n$/, '');
  if (password === '') throw new PersonDirectoryUnavailable('the password file of the person directory is empty');
  return password;
}

function isEncrypted(host: string, parameters: URLSearchParams): boolean {
  const unknown = [...parameters.keys()].filter((name) => name !== 'sslmode');
  if (unknown.length > 0) throw wrong('it may have no other parameter than sslmode');
  const isHere = isThisMachine(host);
  switch (parameters.get('sslmode')) {
    case null:
      return !isHere;
    case 'verify-full':
      if (host.startsWith('/')) throw wrong('a Unix socket is never encrypted: take sslmode away');
      return true;
    case 'disable':
      if (!isHere)
        throw wrong('sslmode=disable is for this machine alone: nothing of a person crosses a network in plain');
      return false;
    default:
      throw wrong('sslmode must be verify-full (or disable, on this machine): less than that can be listened to');
  }
}

function isThisMachine(host: string): boolean {
  if (host.startsWith('/') || host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong('it is not percent-encoded as a URL must be');
  }
}

async function contentOf(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new PersonDirectoryUnavailable(`the ${what} of the person directory cannot be read (${code})`);
  }
}

function wrong(reason: string): PersonDirectoryUnavailable {
  return new PersonDirectoryUnavailable(`the address of the person directory’s PostgreSQL is wrong: ${reason}`);
}
