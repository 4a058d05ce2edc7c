import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { writeBackup } from '#libs/backup';
import type { BackupSummary } from '#libs/backup';
import { recordBackup } from '#libs/compliance';
import { configurationFiles, DATA_FILES } from '#libs/installation';
import { DEFAULT_REQUIREMENTS, isAgeRecipient } from '#libs/keyring';
import type { PersonDirectory, PersonRows } from '#libs/keyring';
import { BadInput, Refused, sentenceOf, UsageFault } from '../exit-codes.ts';
import { mandateGiven, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import type { Operator } from '../operator.ts';
import { VERSION } from '../version.ts';
import { progressTo } from './copy-places.ts';

interface BackupCommandOptions extends MandateOptions {
  readonly recipient?: readonly string[];
  readonly recipientsFile?: string;
  readonly json?: boolean;
}

const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];

export function backupCommand(operator: Operator): Command {
  return withMandate(new Command('backup'))
    .description('write everything that an installation is into one encrypted file, while it runs')
    .argument('<file>', 'a new file, for its owner alone; - for standard output')
    .option('--recipient <key>', 'who can open it, age1pq1…; may be given again', collect)
    .option('--recipients-file <path>', 'the same from a file, one on a line')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
The record, the person directory, carriers that have not left, the whole keyring, and the configuration with the files it
names: one age file around one tar archive (libs/backup/README.md). It is read in an order in which nothing belongs to
something that is missing; from servers too. Read models are not in it: they fill anew. What was made is recorded, and
"segl doctor" says when it is too long ago. Try it: "segl restore <file> --dry-run" (ops/runbooks/backup-and-restore.md).

Run it where the whole keyring is. Exit code 75: a key was destroyed meanwhile; the same again.

Examples:
  segl backup /srv/backups/segl.age --recipients-file /etc/segl/backup-recipients
  segl backup - --recipients-file /etc/segl/backup-recipients | ssh vault "cat > segl.age"`,
    )
    .action(async (file: string, options: BackupCommandOptions, command: Command) => {
      const recipients = await recipientsGiven(options);
      const mandate = mandateGiven(options);
      const places = operator.places(command);
      await using output = await BackupOutput.open(operator, file);
      await using stores = operator.stores(command);
      const keyring = await stores.keyring(DEFAULT_REQUIREMENTS);
      const events = await stores.eventStore();
      const persons = requireRows(await stores.persons({ keyring }));
      const configuration = configurationFiles(operator.terminal.environment);
      for (const left of configuration.leftOut) operator.terminal.say(`segl: left out of the backup: ${left}`);
      const progress = progressTo(operator.terminal, 'read');
      const summary = await writeBackup(
        {
          events,
          persons,
          keyringDirectory: places.keyring,
          outboxDirectory: join(places.dataDir, DATA_FILES.outbox),
          configuration: configuration.contents,
        },
        {
          recipients,
          signer: keyring.ledgerSigner(),
          release: VERSION,
          clock: operator.terminal.clock,
          write: (bytes) => output.write(bytes),
          onProgress: progress,
        },
      );
      await output.finish();
      const { madeAt, persons: count, carriers, fileBytes, fileSha256 } = summary;
      const counts = { events: summary.events.count, persons: count, carriers };
      await recordBackup(events, {
        type: 'BackupMade',
        data: { ...mandate, madeAt, ...counts, fileBytes, fileSha256 },
      }).catch((error: unknown) =>
        operator.terminal.say(`segl: the backup is whole, but was not recorded: ${sentenceOf(error)}`),
      );
      await report(operator, file, summary, options.json ?? false);
    });
}

async function report(operator: Operator, file: string, summary: BackupSummary, json: boolean): Promise<void> {
  const { madeAt, events, persons, carriers, keyIds, fileBytes, fileSha256 } = summary;
  const root = events.rootSha256;
  const lines = [
    `${events.count} events up to ${events.newestAt ?? 'none'}, ${persons} persons, ${carriers} carriers, ${keyIds.length} keys`,
    `RFC 6962 root ${root}`,
    `${fileBytes} bytes, SHA-256 ${fileSha256}`,
  ];
  if (file === '-') return lines.forEach((line) => operator.terminal.say(line));
  if (json)
    return operator.printJson({
      file: resolve(file),
      madeAt,
      events: events.count,
      root,
      persons,
      carriers,
      keyIds,
      fileBytes,
      fileSha256,
    });
  await operator.print(lines.join('\n'));
}

/** A file that has its name only once it is whole and on the disk. */
class BackupOutput implements AsyncDisposable {
  private constructor(
    private readonly operator: Operator,
    private readonly path: string | null,
    private readonly partPath: string,
    private file: Awaited<ReturnType<typeof open>> | null,
  ) {}

  /** @throws Refused */
  static async open(operator: Operator, given: string): Promise<BackupOutput> {
    if (given === '-') return new BackupOutput(operator, null, '', null);
    const path = resolve(given);
    if (existsSync(path)) throw new Refused(`${path} is there already: a backup never replaces another`);
    const partPath = `${path}.${randomBytes(4).toString('hex')}.part`;
    try {
      return new BackupOutput(operator, path, partPath, await open(partPath, 'wx', 0o600));
    } catch (cause) {
      throw new Refused(`${partPath} cannot be made: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.file === null) return this.operator.terminal.write(bytes);
    await this.file.writeFile(bytes);
  }

  async finish(): Promise<void> {
    if (this.file === null || this.path === null) return;
    await this.file.sync();
    await this.file.close();
    this.file = null;
    if (existsSync(this.path)) throw new Refused(`${this.path} is there already: a backup never replaces another`);
    await rename(this.partPath, this.path);
    const directory = await open(dirname(this.path), 'r');
    await directory.sync().finally(() => directory.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file?.close();
    if (this.path !== null) await rm(this.partPath, { force: true });
  }
}

/** @throws UsageFault, BadInput */
async function recipientsGiven({ recipient = [], recipientsFile }: BackupCommandOptions): Promise<readonly string[]> {
  const text =
    recipientsFile === undefined
      ? ''
      : await readFile(recipientsFile, 'utf8').catch((cause: unknown) => {
          throw new BadInput(`${recipientsFile} cannot be read`, { cause });
        });
  const recipients = [
    ...recipient,
    ...text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  ];
  if (recipients.length === 0)
    throw new UsageFault('--recipient or --recipients-file is missing: "segl keys backup-identity" makes the key');
  const other = recipients.find((key) => !isAgeRecipient(key));
  if (other !== undefined)
    throw new UsageFault(
      `${JSON.stringify(other.slice(0, 12))}… is no hybrid recipient of age (age1pq1…): "segl keys backup-identity" makes one`,
    );
  return recipients;
}

function requireRows(directory: PersonDirectory & Partial<PersonRows>): PersonDirectory & PersonRows {
  if (directory.readRows === undefined) throw new UsageFault('this kind of person directory cannot be copied');
  return directory as PersonDirectory & PersonRows;
}
