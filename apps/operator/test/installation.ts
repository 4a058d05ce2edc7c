import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SQLITE } from '#libs/event-store/testing';
import type { AddressedStore, StoreOfTests } from '#libs/event-store/testing';
import { initKeyring } from '#libs/keyring';
import { noon } from './captured-terminal.ts';

export interface Installation {
  readonly directory: string;
  readonly keyring: string;
  readonly dataDir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly record: AddressedStore;
  remove(): Promise<void>;
}

/**
 * A configured installation that has not sealed anything yet.
 * @param serve the store of its record; default: the file that an installation has where nothing says otherwise
 */
export async function temporaryInstallation(serve?: StoreOfTests['serve']): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-operator-'));
  const [keyring, dataDir] = [join(directory, 'keyring'), join(directory, 'data')];
  await initKeyring(keyring, { demonstration: false, now: noon });
  const record = await (serve ?? SQLITE.serve)(dataDir);
  const environment = {
    SEGL_KEYRING: keyring,
    SEGL_DATA_DIR: dataDir,
    SEGL_PUBLIC_URL: 'https://post.example.com',
    SEGL_RELAY_URL: 'smtp://127.0.0.1:1',
    SEGL_ORGANISATION_NAME: 'Nordlys & Søn',
    SEGL_ORGANISATION_POSTAL_ADDRESS: 'Havnegade 1, 1058 København K',
    SEGL_ORGANISATION_CONTACT_MAIL: 'post@example.com',
    SEGL_ORGANISATION_TIME_ZONE: 'Europe/Copenhagen',
    SEGL_PASSCODE_SENDER: 'no-reply@example.com',
    ...(serve && { SEGL_EVENT_STORE: record.url }),
  };
  return {
    ...{ directory, keyring, dataDir, environment, record },
    async remove() {
      await record.remove();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
