/** `node full-disk-process.ts <person directory file> <keyring>`: what a full disk does to the SQLite directory, line by line. */
import { execFileSync } from 'node:child_process';
import { parseMailAddress } from '#libs/vocabulary';
import { SqlitePersonDirectory } from '../adapters/sqlite/sqlite-person-directory.ts';
import { Keyring } from '../keyring.ts';

const [path = '', keyringDirectory = ''] = process.argv.slice(2);
const keyring = await Keyring.open(keyringDirectory, { demonstration: false });
const persons = await SqlitePersonDirectory.open(path, keyring, { busyTimeoutMs: 100 });
const [known, unknown] = [parseMailAddress('known@example.com'), parseMailAddress('unknown@example.com')];
await persons.findOrCreate(known);

process.on('SIGXFSZ', () => undefined); // what writing past the limit sends; without it a write fails as on a full disk
limitFiles('4096');
await tell('made', () => persons.findOrCreate(unknown));
await tell('checked', () => persons.checkWritable());
await tell('found', () => persons.find(known));
limitFiles('unlimited');
await tell('then made', () => persons.findOrCreate(unknown));
await tell('then checked', () => persons.checkWritable());
await persons.close();
keyring.close();

/** The soft limit alone: the hard one could not be raised again. */
function limitFiles(bytes: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);
}

async function tell(what: string, work: () => Promise<object | null | void>): Promise<void> {
  const outcome = await work().then(
    (result) => (result ? 'a person' : 'writable'),
    (error: { code?: string }) => error.code,
  );
  process.stdout.write(`${what}: ${outcome}\n`);
}
