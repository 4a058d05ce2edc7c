import { readFile, stat } from 'node:fs/promises';
import { DomainError, shellWord } from '#libs/vocabulary';

/** What the operator wrote cannot work, whatever the server does: URL, credentials file or CA file. Never holds a secret. */
export class EventStoreMisconfigured extends DomainError {
  constructor(reason: string, options?: ErrorOptions) {
    super('event-store-misconfigured', reason, options);
  }
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface ClusterUrl {
  /** Where to begin; at least one. */
  readonly seeds: readonly Endpoint[];
  /** Asks the seeds who leads. Otherwise the one seed is all there is. */
  readonly isCluster: boolean;
  readonly isTls: boolean;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface SecretFiles {
  readonly credentialsFile?: string | undefined;
  readonly caFile?: string | undefined;
}

export interface Secrets {
  readonly credentials: Credentials;
  /** PEM; null: those that Node trusts. */
  readonly ca: Buffer | null;
}

const URL_FORM = /^(esdb|esdb\+discover):\/\/([^/?#]+)\/?(?:\?([^#]*))?$/;
const HOST_FORM = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(?::([0-9]{1,5}))?$/;
const DEFAULT_PORT = 2113;
const MAX_CREDENTIALS_BYTES = 1024;

/**
 * `esdb://host[:port]` is one node, `esdb://a,b,c` the nodes of a cluster, `esdb+discover://name` one node or DNS name to ask for the
 * others. `?tls=true|false`, true by default, is the only setting: credentials and CA come from files, the rest is the adapter's.
 *
 * @throws EventStoreMisconfigured; the message never repeats the URL, which may hold a password
 */
export function parseClusterUrl(url: string): ClusterUrl {
  const [, scheme, authority, query = ''] = URL_FORM.exec(url) ?? [];
  if (scheme === undefined || authority === undefined) {
    throw new EventStoreMisconfigured(
      'the address of EventStoreDB must look like esdb://host:2113, esdb://a:2113,b:2113,c:2113 or esdb+discover://name:2113',
    );
  }
  if (authority.includes('@')) {
    throw new EventStoreMisconfigured(
      'the address of EventStoreDB holds credentials: put user:password into a file of its own and name that file in the configuration',
    );
  }
  const seeds = authority.split(',').map(parseEndpoint);
  if (scheme === 'esdb+discover' && seeds.length > 1) {
    throw new EventStoreMisconfigured(
      'esdb+discover:// takes one name; list several nodes as esdb://a:2113,b:2113,c:2113',
    );
  }
  return { seeds, isCluster: scheme === 'esdb+discover' || seeds.length > 1, isTls: parseTls(query) };
}

function parseEndpoint(text: string): Endpoint {
  const [, host, port] = HOST_FORM.exec(text) ?? [];
  const endpoint = { address: host ?? '', port: port === undefined ? DEFAULT_PORT : Number(port) };
  if (host === undefined || endpoint.port < 1 || endpoint.port > 65_535) {
    throw new EventStoreMisconfigured('the address of EventStoreDB names a host that is none: write host or host:port');
  }
  return endpoint;
}

function parseTls(query: string): boolean {
  let isTls = true;
  for (const [name, value] of new URLSearchParams(query)) {
    if (name.toLowerCase() !== 'tls') {
      throw new EventStoreMisconfigured(
        `the address of EventStoreDB has a setting that is not known here: only tls=true or tls=false is (a CA and credentials come from files)`,
      );
    }
    if (value !== 'true' && value !== 'false') {
      throw new EventStoreMisconfigured('the address of EventStoreDB: tls must be true or false');
    }
    isTls = value === 'true';
  }
  return isTls;
}

/**
 * Credentials and CA as they are on disk now: read again for every new client, so that a changed file needs no restart.
 *
 * @throws EventStoreMisconfigured
 */
export async function readSecrets(files: SecretFiles, { isTls }: ClusterUrl): Promise<Secrets> {
  if (!isTls && files.caFile !== undefined) {
    throw new EventStoreMisconfigured('a CA file is given, but the address of EventStoreDB says tls=false');
  }
  if (files.credentialsFile === undefined) {
    if (isTls) {
      throw new EventStoreMisconfigured(
        'EventStoreDB over TLS wants a user: name a file that holds user:password on one line',
      );
    }
    // Whatever is passed, a server without TLS is not told; but that something is passed keeps the client on its safe path.
    return { credentials: { username: 'none', password: 'none' }, ca: null };
  }
  const credentials = await readCredentials(files.credentialsFile);
  const ca = files.caFile === undefined ? null : await readCa(files.caFile);
  return { credentials, ca };
}

async function readCredentials(path: string): Promise<Credentials> {
  const status = await stat(path).catch((cause: unknown) => {
    throw unreadable('credentials', path, cause);
  });
  if (!status.isFile() || status.size > MAX_CREDENTIALS_BYTES) {
    throw new EventStoreMisconfigured(`the credentials of EventStoreDB (${path}) are not a file of one line`);
  }
  if ((status.mode & 0o077) !== 0) {
    throw new EventStoreMisconfigured(
      `the credentials of EventStoreDB (${path}) can be read by others than their owner: "chmod 600 ${shellWord(path)}"`,
    );
  }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw unreadable('credentials', path, cause);
  });
  const [, username, password] = /^([^:\r\n]+):([^\r\n]+)\r?\n?$/.exec(text) ?? [];
  if (username === undefined || password === undefined) {
    throw new EventStoreMisconfigured(
      `the credentials of EventStoreDB (${path}) must be one line of the form user:password`,
    );
  }
  return { username, password };
}

async function readCa(path: string): Promise<Buffer> {
  const pem = await readFile(path).catch((cause: unknown) => {
    throw unreadable('CA', path, cause);
  });
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new EventStoreMisconfigured(`the CA file of EventStoreDB (${path}) holds no certificate in PEM form`);
  }
  return pem;
}

function unreadable(what: string, path: string, cause: unknown): EventStoreMisconfigured {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new EventStoreMisconfigured(`the ${what} file of EventStoreDB (${path}) cannot be read: ${code}`, { cause });
}
