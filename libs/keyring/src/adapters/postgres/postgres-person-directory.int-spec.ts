import { afterAll, beforeAll, describe } from '@jest/globals';
import { personDirectoryContract } from '../../testing/person-directory-contract.ts';
import { personRowsContract } from '../../testing/person-rows-contract.ts';
import { postgresBinaries, startTemporaryPostgres, type TemporaryPostgres } from '../../testing/temporary-postgres.ts';
import { PostgresPersonDirectory } from './postgres-person-directory.ts';

const withPostgres = postgresBinaries() === null ? describe.skip : describe;

withPostgres('with PostgreSQL', () => {
  let server: TemporaryPostgres;
  beforeAll(async () => {
    server = await startTemporaryPostgres();
  }, 120_000);
  afterAll(() => server.remove());

  personDirectoryContract('postgres', async () => {
    const url = await server.newDatabase();
    return {
      url,
      open: (keyring) => PostgresPersonDirectory.open(url, keyring),
      remove: async () => undefined,
    };
  });

  personRowsContract('postgres', async () => {
    const url = await server.newDatabase();
    return { open: (keyring) => PostgresPersonDirectory.open(url, keyring), remove: async () => undefined };
  });
});
