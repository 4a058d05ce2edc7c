/**
 * A process of its own that asks a person directory, for `personDirectoryContract`:
 * `node persons-process.ts <person directory> <keyring> <address> …` prints one JSON line, `[[address, person id], …]`.
 */
import { parseMailAddress } from '#libs/vocabulary';
import { PostgresPersonDirectory } from '../adapters/postgres/postgres-person-directory.ts';
import { SqlitePersonDirectory } from '../adapters/sqlite/sqlite-person-directory.ts';
import { Keyring } from '../keyring.ts';
import type { PersonDirectory } from '../person/person-directory.ts';

const [url = '', keyringDirectory = '', ...addresses] = process.argv.slice(2);
const keyring = await Keyring.open(keyringDirectory, {
  demonstration: false,
  kinds: ['person-index', 'person-wrapping'],
});
const persons = await openPersons(url);
process.stdout.write('ready\n');
process.stdin.once('data', () => void findThem());

async function findThem(): Promise<void> {
  const found = await Promise.all(
    addresses.map(async (address) => [address, (await persons.findOrCreate(parseMailAddress(address))).personId]),
  );
  process.stdout.write(`${JSON.stringify(found)}\n`);
  await persons.close();
  keyring.close();
  process.stdin.destroy();
}

/** A further adapter adds its scheme here. */
async function openPersons(directory: string): Promise<PersonDirectory> {
  if (directory.startsWith('sqlite:')) return SqlitePersonDirectory.open(directory.slice('sqlite:'.length), keyring);
  if (directory.startsWith('postgres:')) {
    return PostgresPersonDirectory.open(directory, keyring, { waitMs: 60_000, statementMs: 60_000 }); // a busy machine
  }
  throw new TypeError(`no adapter for ${directory}`);
}
