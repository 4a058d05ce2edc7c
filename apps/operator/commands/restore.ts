import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { readTrustedKey } from '#libs/audit';
import type { TrustedKey } from '#libs/audit';
import { readErasedSubjects } from '#libs/compliance';
import { isEmbedded, openEventStore, sqlitePath, storeUrlFault } from '#libs/installation';
import { ageIdentitySeed } from '#libs/keyring';
import { SystemClock } from '#libs/vocabulary';
import type { PersonId } from '#libs/vocabulary';
import { BadInput, Refused, Unavailable, UsageFault } from '../exit-codes.ts';
import { mandateGiven, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import type { Operator } from '../operator.ts';
import type { ProvenRecord } from '../proven-record.ts';
import { restoreInto } from '../restoring.ts';
import { placeFor, progressTo } from './copy-places.ts';
import { reportRestored } from './restore-report.ts';

interface RestoreOptions extends MandateOptions {
  readonly identity: string;
  readonly to: string;
  readonly dryRun?: boolean;
  readonly erasuresFrom?: string;
  readonly ledgerKey?: string;
  readonly checkpoint?: readonly string[];
  readonly acceptUnproven?: boolean;
  readonly json?: boolean;
}

const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];

export function restoreCommand(operator: Operator): Command {
  return withMandate(new Command('restore'))
    .description('make an installation of a backup, in an empty place')
    .argument('<file>', 'the backup; - for standard input')
    .requiredOption('--identity <file>', 'what opens it: the file of "segl keys backup-identity", or of age-keygen -pq')
    .requiredOption('--to <directory>', 'where data, keyring and configuration will be; made, or empty')
    .option('--dry-run', 'do all of it, say what would be there, and leave nothing')
    .option(
      '--erasures-from <url>',
      'a newer record that survived (sqlite:<path>, esdb://…): whom it says was erased is erased here too',
    )
    .option(
      '--ledger-key <file>',
      'what "segl audit key" printed, kept elsewhere: refuse what none of these keys signed',
    )
    .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere; may be given again', collect)
    .option('--accept-unproven', 'also when the record contradicts its checkpoints, or cannot be compared with them')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Whatever it was made from, the result is an installation on embedded stores; "segl events copy" and "segl persons copy"
bring it to servers (ops/runbooks/backup-and-restore.md). Before it has its name everything in it was checked: nothing is
missing or altered, every person's key opens, the ledger is proven as far as it reaches, and who was erased is erased
again. Otherwise nothing is left. A file cut short, altered, of a newer release or for another key is refused.
Who can write where backups lie can make one: only --ledger-key and --checkpoint, kept elsewhere, tell yours from theirs.

Exit codes: 0 restored (or would be); 1 the place is not empty; 65 the backup is not what it must be, not signed by your
key, or its record contradicts its ledger or holds what this release cannot read; 78 the keyring in it is not in order.

Examples:
  segl restore /srv/backups/segl.age --identity /media/safe/segl-backup.key --to /srv/restored --dry-run
  segl restore segl.age --identity segl-backup.key --to /srv/restored --erasures-from sqlite:/var/lib/segl/events.sqlite`,
    )
    .action(async (file: string, options: RestoreOptions, command: Command) => {
      const identities = await identitiesIn(options.identity);
      const mandate = mandateGiven(options);
      const ledgerKeys = await ledgerKeysIn(options.ledgerKey);
      const checkpoints = await Promise.all((options.checkpoint ?? []).map(textOf));
      const alsoErased = await erasedElsewhere(operator, command, options.erasuresFrom);
      const place = await EmptyPlace.prepare(options.to);
      try {
        const hash = createHash('sha256');
        const restored = await restoreInto(place.staging, {
          file: hashed(backupBytes(operator, file), hash),
          fileSha256: () => hash.copy().digest('hex'),
          identities,
          alsoErased,
          ledgerKeys,
          checkpoints,
          mandate,
          clock: operator.terminal.clock,
          onProgress: progressTo(operator.terminal, 'restored'),
          judge: (proven, standstill) => requireProven(proven, standstill, options.acceptUnproven ?? false),
        });
        if (options.dryRun !== true) await place.takeName();
        await reportRestored(operator, restored, {
          directory: place.path,
          isRehearsal: options.dryRun ?? false,
          json: options.json ?? false,
        });
      } finally {
        await place.clear();
      }
    });
}

/** @throws BadInput */
function requireProven(proven: ProvenRecord | null, standstill: string | null, acceptsUnproven: boolean): void {
  if (standstill !== null && !acceptsUnproven)
    throw new BadInput(
      `the record in it could not be compared with its ledger: ${standstill}. --accept-unproven restores it all the same`,
    );
  if (proven === null || proven.isProven || acceptsUnproven) return;
  const found = proven.findings.map(({ kind, ...facts }) => `${kind} ${JSON.stringify(facts)}`).join('; ');
  throw new BadInput(`the record in it contradicts its ledger: ${found}. --accept-unproven restores it all the same`);
}

/** A directory beside the one that is meant, which gets its name in one rename when all is there. */
class EmptyPlace {
  private constructor(
    readonly path: string,
    readonly staging: string,
  ) {}

  /** @throws Refused, Unavailable */
  static async prepare(given: string): Promise<EmptyPlace> {
    const path = resolve(given);
    if (!existsSync(dirname(path))) throw new Unavailable(`there is no directory ${dirname(path)}`);
    await requireEmpty(path);
    const staging = `${path}.restoring-${randomBytes(4).toString('hex')}`;
    await mkdir(staging, { mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
      throw new Unavailable(`${staging} cannot be made: ${cause.code ?? cause.message}`, { cause });
    });
    return new EmptyPlace(path, staging);
  }

  async takeName(): Promise<void> {
    await requireEmpty(this.path);
    if (existsSync(this.path)) await rmdir(this.path);
    await rename(this.staging, this.path);
    const above = await open(dirname(this.path), 'r');
    await above.sync().finally(() => above.close());
  }

  async clear(): Promise<void> {
    await rm(this.staging, { recursive: true, force: true });
  }
}

async function requireEmpty(path: string): Promise<void> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new Refused(`${path} is no directory that could be restored to (${error.code ?? error.message})`);
  });
  if (names.length > 0) throw new Refused(`${path} is not empty: a backup is restored to an empty place alone`);
}

function backupBytes({ terminal }: Operator, file: string): AsyncIterable<Uint8Array> {
  if (file === '-') return terminal.input;
  if (!existsSync(file)) throw new BadInput(`there is no backup at ${file}`);
  return createReadStream(file, { highWaterMark: 1024 * 1024 });
}

async function* hashed(
  bytes: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
}

/** @throws UsageFault, Unavailable, EventStoreUnavailable */
async function erasedElsewhere(
  operator: Operator,
  command: Command,
  url: string | undefined,
): Promise<ReadonlySet<PersonId>> {
  if (url === undefined) return new Set();
  const fault = storeUrlFault('eventStore', url);
  if (fault !== null) throw new UsageFault(`--erasures-from: ${fault}`);
  if (isEmbedded('eventStore', url) && !existsSync(sqlitePath(url)))
    throw new Unavailable(`there is nothing at ${sqlitePath(url)}`);
  const store = await openEventStore(placeFor(url, operator.places(command).stores, {}), new SystemClock());
  try {
    return new Set((await readErasedSubjects(store)).keys());
  } finally {
    await store.close();
  }
}

/** @throws BadInput */
async function identitiesIn(path: string): Promise<readonly string[]> {
  const lines = (await textOf(path)).split('\n').map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.length === 0 || identities.some((identity) => ageIdentitySeed(identity) === null))
    throw new BadInput(`${path} holds no hybrid identity of age (AGE-SECRET-KEY-PQ-1…), or something else beside it`);
  return identities;
}

/** @throws BadInput */
async function ledgerKeysIn(path: string | undefined): Promise<readonly TrustedKey[]> {
  if (path === undefined) return [];
  const lines = (await textOf(path)).split('\n').filter((line) => line.trim() !== '');
  const keys = lines.map(readTrustedKey);
  if (keys.length === 0 || keys.some((key) => key?.signs !== 'log'))
    throw new BadInput(
      `${path} holds no keys of a ledger, as "segl audit key" prints them, or something else beside them`,
    );
  return keys.filter((key) => key !== null);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BadInput(`${path} cannot be read`, { cause });
  }
}
