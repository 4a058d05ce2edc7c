import type { Keyring } from '../../keyring.ts';
import type { PostgresPersonDirectory, PostgresPersonDirectoryOptions } from './postgres-person-directory.ts';

/**
 * Opens PostgreSQL as a PersonDirectory. What speaks to it is loaded only now: an appliance on one machine pays nothing for what
 * a cluster needs. @throws PersonDirectoryUnavailable, KeyringFault
 */
export async function openPostgresPersonDirectory(
  url: string,
  keyring: Keyring,
  options?: PostgresPersonDirectoryOptions,
): Promise<PostgresPersonDirectory> {
  const adapter = await import('./postgres-person-directory.ts');
  return adapter.PostgresPersonDirectory.open(url, keyring, options);
}
