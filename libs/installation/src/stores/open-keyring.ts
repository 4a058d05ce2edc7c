import type { Logger } from 'pino';
import { initKeyring, KEY_KINDS, Keyring, KeyringFault, SLOW_KINDS } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import { ConfigurationFault } from '../settings/configuration-fault.ts';
import { takesBounces } from '../settings/gateway-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { checkDataDirectory, needsDataDirectory, prepareDataDirectory } from './data-directory.ts';
import { keysIfThereOf, keysOf } from '../roles.ts';

/** What is wrong with the two is told together: an operator mends both in one go, and until then nothing is made. @throws ConfigurationFault */
export async function openKeyringAndDataDirectory(settings: Settings, log: Logger): Promise<Keyring> {
  const { dataDir, demonstration } = settings;
  const isNeeded = needsDataDirectory(settings);
  if (demonstration) prepareDataDirectory(dataDir, settings); // its keyring is made inside that very directory
  const faults: string[] = [];
  try {
    if (isNeeded) checkDataDirectory(dataDir, settings);
  } catch (error) {
    if (!(error instanceof ConfigurationFault)) throw error;
    faults.push(...error.faults);
  }
  let keyring: Keyring | null = null;
  try {
    keyring = await openKeyring(settings, log);
    if (isNeeded && faults.length === 0) prepareDataDirectory(dataDir, settings);
  } catch (error) {
    if (!(error instanceof KeyringFault || error instanceof ConfigurationFault)) throw error;
    faults.push(...error.faults);
  }
  if (keyring !== null && faults.length === 0) return keyring;
  keyring?.close();
  throw new ConfigurationFault(faults);
}

async function openKeyring(settings: Settings, log: Logger): Promise<Keyring> {
  const { keyring: directory, demonstration } = settings;
  // Only a demonstration makes its own keys: in production that is a decision somebody takes, with a backup.
  if (demonstration) await initDemonstrationKeyring(directory);
  return Keyring.open(directory, {
    demonstration,
    kinds: [...keysOf(settings), ...(takesBounces(settings) ? (['bounces'] as const) : [])],
    kindsIfThere: keysIfThereOf(settings),
    onFault: (faults) => log.error({ faults }, 'the keyring has faults; the keys read before stay in use'),
  });
}

async function initDemonstrationKeyring(directory: string): Promise<void> {
  try {
    // Not the half second that an RSA key takes: applications and mail servers that need one are configured, and a demonstration has none.
    const kinds = KEY_KINDS.filter((kind) => !SLOW_KINDS.includes(kind));
    await initKeyring(directory, { demonstration: true, now: new SystemClock().now(), kinds });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'keyring-exists') throw error;
  }
}
