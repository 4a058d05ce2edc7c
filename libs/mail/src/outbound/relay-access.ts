import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { RelayUnavailable } from './mail-relay.ts';
import { isLoopback } from './relay-url.ts';
import type { RelayAddress } from './relay-url.ts';

/** Files that say who we are to the next hops and whom we believe; read again for each connection, so that they may be renewed. */
export interface RelayFiles {
  /** `user:password`, on one line, for each hop whose URL has none. Never sent without TLS, but to loopback. */
  readonly credentialsFile?: string | undefined;
  /** PEM: our certificate and those between it and an authority. With `clientKeyFile`, or not at all. */
  readonly clientCertificateFile?: string | undefined;
  /** PEM, without a passphrase. */
  readonly clientKeyFile?: string | undefined;
  /** PEM: authorities believed instead of the public ones. */
  readonly authoritiesFile?: string | undefined;
}

export interface RelayAccess {
  readonly credentials: RelayAddress['credentials'];
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;
}

/** @throws RelayUnavailable for a file that cannot be read or holds something else: mail waits until it is mended */
export async function readRelayAccess(files: RelayFiles, address: RelayAddress): Promise<RelayAccess> {
  const mayLogIn = address.tls !== 'none' || isLoopback(address.host);
  const wantsFile = address.credentials === null && mayLogIn;
  const [credentials, cert, key, ca] = await Promise.all([
    wantsFile ? read(files.credentialsFile, 'credentials') : undefined,
    read(files.clientCertificateFile, 'client certificate'),
    read(files.clientKeyFile, 'client key'),
    read(files.authoritiesFile, 'authorities'),
  ]);
  return {
    credentials: credentials === undefined ? address.credentials : credentialsIn(credentials),
    tls: { ...(cert !== undefined && { cert, key }), ...(ca !== undefined && { ca }) },
  };
}

function credentialsIn(text: string): { user: string; password: string } {
  const [, user, password] = /^([^:\r\n]+):([^\r\n]+)\r?\n?$/.exec(text) ?? [];
  if (user === undefined || password === undefined)
    throw new RelayUnavailable('the file of relay credentials is not user:password on one line', 0);
  return { user, password };
}

async function read(path: string | undefined, what: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RelayUnavailable(`the file of the relay's ${what} cannot be read (${code ?? 'unknown'})`, 0, { cause });
  }
}
