import { accessSync, constants } from 'node:fs';
import type { VouchedFact } from '#libs/ephemeral-store';
import { parsePostgresTarget } from '#libs/keyring';

/** The three stores, by the setting that says where each is. */
export type StoreName = 'eventStore' | 'ephemeralStore' | 'personKeys';

/** Beside a store's URL: files, since secrets and certificates are never written into the URL itself, and what is vouched for. */
export interface StoreFiles {
  readonly eventStoreCredentialsFile?: string | undefined;
  readonly eventStoreCaFile?: string | undefined;
  readonly ephemeralPasswordFile?: string | undefined;
  readonly ephemeralCaFile?: string | undefined;
  readonly ephemeralVouchedFor?: readonly VouchedFact[] | undefined;
  readonly personKeysPasswordFile?: string | undefined;
  readonly personKeysCaFile?: string | undefined;
}

type FileSetting = Exclude<keyof StoreFiles, 'ephemeralVouchedFor'>;

interface StoreKind {
  /** Schemes and what follows them, as an operator writes them. */
  readonly forms: readonly string[];
  readonly embedded: RegExp;
  readonly remote: RegExp;
  readonly secretFile: FileSetting;
  readonly caFile: FileSetting;
}

export const STORE_KINDS: Readonly<Record<StoreName, StoreKind>> = {
  eventStore: {
    forms: ['sqlite:<path>', 'esdb://<host>[:<port>]', 'esdb+discover://<host>'],
    embedded: /^sqlite:.+/,
    remote: /^esdb(\+discover)?:\/\/[^/?#]+/,
    secretFile: 'eventStoreCredentialsFile',
    caFile: 'eventStoreCaFile',
  },
  ephemeralStore: {
    forms: ['memory:', 'redis://<host>[:<port>]', 'rediss://<host>[:<port>]'],
    embedded: /^memory:$/,
    remote: /^rediss?:\/\/[^/?#]+/,
    secretFile: 'ephemeralPasswordFile',
    caFile: 'ephemeralCaFile',
  },
  personKeys: {
    forms: ['sqlite:<path>', 'postgres://<user>@<host>[:<port>]/<database>'],
    embedded: /^sqlite:.+/,
    remote: /^postgres:\/\/[^/?#]+\/[^/?#]+/,
    secretFile: 'personKeysPasswordFile',
    caFile: 'personKeysCaFile',
  },
};

/** Whether a store lives in this process or in a file of this machine. */
export function isEmbedded(name: StoreName, url: string): boolean {
  return STORE_KINDS[name].embedded.test(url);
}

/** What is wrong with one store's URL, as it was written; null when nothing is. Never quotes more of it than its scheme. */
export function storeUrlFault(name: StoreName, url: string): string | null {
  const { forms, embedded, remote, secretFile } = STORE_KINDS[name];
  if (embedded.test(url)) return null;
  // First of all: whatever else is wrong with it, a URL stands in logs, process lists and tickets.
  const authority = /^[^:]*:\/\/([^/?#]*)/.exec(url)?.[1] ?? '';
  const user = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  if (user.includes(':') || /[?&](password|pass|pwd)=/i.test(url)) {
    return `holds a password; leave it out, and name a file that holds it as stores.${secretFile}`;
  }
  const scheme = /^[a-z+]{1,20}(?=:)/.exec(url)?.[0];
  const expected = forms.length > 2 ? `${forms.slice(0, -1).join(', ')} nor ${forms.at(-1)}` : forms.join(' nor ');
  if (!remote.test(url)) return `is neither ${expected}${scheme === undefined ? '' : ` (it begins with ${scheme}:)`}`;
  return name === 'personKeys' ? postgresFault(url) : null;
}

function postgresFault(url: string): string | null {
  try {
    parsePostgresTarget(url);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What is wrong with the files beside the URLs: `[setting, fault]`. */
export function storeFileFaults(
  urls: Readonly<Record<StoreName, string>>,
  files: StoreFiles,
): (readonly [string, string])[] {
  const faults: (readonly [string, string])[] = [];
  for (const name of Object.keys(STORE_KINDS) as StoreName[]) {
    for (const setting of [STORE_KINDS[name].secretFile, STORE_KINDS[name].caFile]) {
      const path = files[setting];
      if (path === undefined) continue;
      const fault = isEmbedded(name, urls[name])
        ? `has no use: the store ${name} is ${urls[name].split(':')[0] ?? ''}:`
        : (needlessBecause(setting, urls[name]) ?? unreadableBecause(path));
      if (fault !== null) faults.push([`stores.${setting}`, fault]);
    }
  }
  if ((files.ephemeralVouchedFor ?? []).length > 0 && isEmbedded('ephemeralStore', urls.ephemeralStore))
    faults.push(['stores.ephemeralVouchedFor', 'has no use: the store ephemeralStore is memory:']);
  return faults;
}

/** A certificate authority for a connection that is not encrypted: whoever wrote it believes that it is. */
function needlessBecause(setting: FileSetting, url: string): string | null {
  if (!setting.endsWith('CaFile')) return null;
  const isPlain =
    /^redis:/.test(url) ||
    /^esdb(\+discover)?:.*[?&]tls=false(&|$)/i.test(url) ||
    (/^postgres:/.test(url) && !parsePostgresTarget(url).isEncrypted);
  return isPlain ? 'has no use: the connection is not encrypted' : null;
}

function unreadableBecause(path: string): string | null {
  try {
    accessSync(path, constants.R_OK);
    return null;
  } catch (error) {
    return `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
  }
}
