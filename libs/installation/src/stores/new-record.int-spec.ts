import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { initKeyring } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import { readSettings } from '../settings/config.ts';
import { openStores } from './open-stores.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'segl-new-record-'));
  await initKeyring(join(directory, 'keyring'), { demonstration: false, now: new SystemClock().now() });
});
afterEach(() => rm(directory, { recursive: true }));

/** Starts on a data directory, and stops. @returns what was said with more weight than usual */
async function started(dataDir: string): Promise<string[]> {
  const said: { level: number; msg: string }[] = [];
  const log = pino({}, { write: (line: string) => void said.push(JSON.parse(line) as (typeof said)[number]) });
  const settings = readSettings({
    SEGL_PUBLIC_URL: 'https://post.example.com',
    SEGL_RELAY_URL: 'smtp://127.0.0.1:1',
    SEGL_ORGANISATION_NAME: 'Nordlys',
    SEGL_ORGANISATION_POSTAL_ADDRESS: 'Havnegade 1',
    SEGL_ORGANISATION_CONTACT_MAIL: 'post@example.com',
    SEGL_ORGANISATION_TIME_ZONE: 'UTC',
    SEGL_PASSCODE_SENDER: 'no-reply@example.com',
    SEGL_ROLES: 'gateway',
    SEGL_KEYRING: join(directory, 'keyring'),
    SEGL_DATA_DIR: join(directory, dataDir),
  });
  const { closing } = await openStores(settings, log, () => {
    throw new Error('no demonstration');
  });
  await closing.close();
  return said.filter(({ level }) => level >= 40).map(({ msg }) => msg);
}

it('a record that begins is said, so that a start in the wrong place is not taken for a restart', async () => {
  const begins = [expect.stringMatching(/^a new record begins here; .* SEGL_DATA_DIR/)];
  expect(await started('data')).toEqual(begins);
  expect(await started('data')).toEqual([]);
  expect(await started('date')).toEqual(begins); // a slip of the keyboard, years later
});
