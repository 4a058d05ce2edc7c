import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { personDirectoryContract } from '../../testing/person-directory-contract.ts';
import { personRowsContract } from '../../testing/person-rows-contract.ts';
import { postgresBinaries, startTemporaryPostgres } from '../../testing/temporary-postgres.ts';
import type { TemporaryPostgres } from '../../testing/temporary-postgres.ts';
import { PostgresPersonDirectory } from './postgres-person-directory.ts';

const withPostgres = postgresBinaries() === null ? describe.skip : describe;
/** The suite has hundreds of callers at once, and a busy machine takes its time over them; what the limits do is tested elsewhere. */
const patient = { waitMs: 60_000, statementMs: 60_000 };
jest.setTimeout(120_000);

withPostgres('with PostgreSQL', () => {
  let server: TemporaryPostgres;
  beforeAll(async () => {
    server = await startTemporaryPostgres();
  });
  afterAll(() => server.remove());

  personDirectoryContract('postgres', async () => {
    const url = await server.newDatabase();
    return {
      url,
      open: (keyring) => PostgresPersonDirectory.open(url, keyring, patient),
      remove: async () => undefined,
    };
  });

  personRowsContract('postgres', async () => {
    const url = await server.newDatabase();
    return { open: (keyring) => PostgresPersonDirectory.open(url, keyring, patient), remove: async () => undefined };
  });
});
