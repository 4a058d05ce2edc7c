import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initKeyring } from '#libs/keyring';
import { noon } from './captured-terminal.ts';

export interface Installation {
  readonly directory: string;
  readonly keyring: string;
  readonly dataDir: string;
  readonly environment: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

/** A configured installation that has not sealed anything yet. */
export async function temporaryInstallation(): Promise<Installation> {
  const directory = await mkdtemp(join(tmpdir(), 'segl-operator-'));
  const [keyring, dataDir] = [join(directory, 'keyring'), join(directory, 'data')];
  await initKeyring(keyring, { demonstration: false, now: noon });
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
  };
  return { directory, keyring, dataDir, environment, remove: () => rm(directory, { recursive: true, force: true }) };
}
