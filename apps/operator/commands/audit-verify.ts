import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { Command } from 'commander';
import {
  checkpointsBetween,
  eventsFrom,
  exportLines,
  exportRange,
  readCheckpoint,
  readTrustedKey,
  verifyExport,
} from '#libs/audit';
import type { Finding, TrustedKey, VerifyReport } from '#libs/audit';
import { streamName } from '#libs/event-store';
import { BadInput, UsageFault } from '../exit-codes.ts';
import { ledgerKeys, openedLedger } from '../opened-ledger.ts';
import type { Operator } from '../operator.ts';
import { ProgressBar } from '../progress-bar.ts';

interface VerifyOptions {
  readonly key?: readonly string[];
  readonly checkpoint?: readonly string[];
  readonly witness?: readonly string[];
  readonly log?: boolean;
  readonly json?: boolean;
}

type Exposed = NonNullable<VerifyReport['exposure']>['events'][number];

/** What whoever verifies has from elsewhere. */
interface Brought {
  readonly keys: readonly TrustedKey[];
  /** Checkpoints, as notes. */
  readonly known: readonly string[];
  readonly witnesses: readonly TrustedKey[];
}

const collect = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];

export function verifyCommand(operator: Operator): Command {
  return new Command('verify')
    .description('prove an export, offline, or the whole log')
    .argument('[file]', 'an export; - or nothing: standard input')
    .option(
      '--key <key>',
      'a public key that you trust, or a file with some, one on a line; may be given again',
      collect,
    )
    .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere; may be given again', collect)
    .option(
      '--witness <key>',
      'the key of a witness, or a file with some: each --checkpoint must carry its signature; may be given again',
      collect,
    )
    .option('--log', 'verify the log of this installation itself')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Nothing but the export, the key and the checkpoint is looked at: no network, no installation. What is wrong is named: altered, removed,
reordered, inserted, truncated, rolled back, forked, forged (LEDGER.md). Ends with 0 when everything is proven, with 65 when something is wrong.

Without --checkpoint an export is only as good as the key: a log that was set back to an older state shows only against a checkpoint that
somebody kept.

Examples:
  segl audit verify selection.csv --key ledger.keys
  segl audit verify record.ndjson --key ledger.keys --checkpoint checkpoint-of-may
  segl audit verify --log --checkpoint /mnt/elsewhere/checkpoint`,
    )
    .action(async (file: string | undefined, options: VerifyOptions, command: Command) => {
      if (options.log && file !== undefined) throw new UsageFault('--log verifies the log itself: give no file');
      if (!options.log && options.key === undefined) {
        throw new UsageFault(
          '--key is missing: a key that came with the export would prove nothing ("segl audit key" prints it)',
        );
      }
      const known = await Promise.all((options.checkpoint ?? []).map(readText));
      const keys = (await Promise.all((options.key ?? []).map(keysIn))).flat();
      const witnesses = (await Promise.all((options.witness ?? []).map(keysIn))).flat();
      requireKinds({ keys, known, witnesses });
      await using stores = operator.stores(command);
      const report = options.log
        ? await verifyLog(operator, command, stores, { keys, known, witnesses })
        : await verifyGiven(operator, file, { keys, known, witnesses });
      await say(operator, report, options.json ?? false);
      if (!report.isProven) throw new BadInput('not proven');
    });
}

function requireKinds({ keys, known, witnesses }: Brought): void {
  if (keys.some(({ signs }) => signs !== 'log'))
    throw new UsageFault('--key is the key of a ledger; one of a witness is --witness');
  if (witnesses.some(({ signs }) => signs !== 'witness')) throw new UsageFault('--witness is the key of a witness');
  if (witnesses.length > 0 && known.length === 0)
    throw new UsageFault('--witness needs --checkpoint: witnesses sign the checkpoints that are published');
}

async function verifyGiven(operator: Operator, file: string | undefined, brought: Brought): Promise<VerifyReport> {
  const source = file === undefined || file === '-' ? null : await opened(file);
  const bytes = source === null ? 0 : (await source.stat()).size;
  const stream = source?.createReadStream() ?? null;
  const bar = new ProgressBar(operator.terminal, () =>
    stream === null || bytes === 0 ? null : stream.bytesRead / bytes,
  );
  const lines = createInterface({ input: stream ?? Readable.from(operator.terminal.input), crlfDelay: Infinity });
  try {
    return await verifyExport(exportLines(lines), { ...brought, onProgress: (events) => bar.at(events) });
  } finally {
    stream?.destroy(); // where it was not read to its end
    bar.end();
  }
}

async function verifyLog(
  operator: Operator,
  command: Command,
  stores: ReturnType<Operator['stores']>,
  { keys: given, known, witnesses }: Brought,
): Promise<VerifyReport> {
  const { store, db, tree, origin, checkpoint } = await openedLedger(operator, command, stores);
  const size = readCheckpoint(checkpoint)?.size ?? 0;
  const own = ledgerKeys(await stores.keyring(['ledger.pub']), origin).flatMap((key) => readTrustedKey(key) ?? []);
  if (given.length === 0)
    operator.terminal.say('segl: with the keys of this keyring; give --key for keys that were kept elsewhere');
  const lines = exportRange({
    events: eventsFrom(store, tree, 0, size),
    tree,
    from: 0,
    checkpoints: checkpointsBetween(db, 0, size),
  });
  const keys = given.length > 0 ? given : own;
  const retention: string[] = [];
  for await (const { bytes } of store.readStream(streamName('retention', 'contents')))
    retention.push(Buffer.from(bytes).toString('utf8'));
  const bar = new ProgressBar(operator.terminal, (events) => events / size);
  try {
    return await verifyExport(lines, { keys, known, witnesses, retention, onProgress: (events) => bar.at(events) });
  } finally {
    bar.end();
  }
}

async function say(operator: Operator, report: VerifyReport, json: boolean): Promise<void> {
  if (json) return operator.printJson(report);
  for (const finding of report.findings) await operator.print(sentenceOfFinding(finding));
  if (report.provenTo === null) return operator.print('no checkpoint proves anything of this');
  const { origin, size } = report.provenTo;
  await operator.print(`${report.provenEvents} events proven, up to the checkpoint of ${origin} at ${size}`);
  if (report.exposure !== null) await sayExposure(operator, report.exposure);
  if (report.withoutContent !== null) {
    const { events, byRetention } = report.withoutContent;
    await operator.print(
      `${events} of them by their leaves alone: the content of ${byRetention} was removed by retention, as the record here says${
        events > byRetention ? `; of ${events - byRetention} it is not here, and nothing here says why` : ''
      }`,
    );
  }
  for (const size of report.notCompared)
    operator.terminal.say(
      `segl: the checkpoint at ${size} that you gave was compared with nothing: this does not reach it, or is a selection, which proves its own events alone`,
    );
  if (report.unprovenEvents > 0) await operator.print(`${report.unprovenEvents} events that no checkpoint proves`);
}

async function sayExposure(operator: Operator, exposure: NonNullable<VerifyReport['exposure']>): Promise<void> {
  const { messageId, from, to, events, signIns, isWhole, wasShown } = exposure;
  const between = `in this portal between events ${from} and ${to - 1}, all of which are here`;
  if (wasShown === true) await operator.print(`message ${messageId} was shown ${between}`);
  else if (wasShown === false)
    await operator.print(`nothing of message ${messageId} was shown or downloaded ${between}`);
  else if (isWhole)
    await operator.print(`message ${messageId} has events of a type that this verifier does not know, ${between}`);
  if (!isWhole)
    await operator.print(
      `NOT WHOLE: it does not begin with the sealing of message ${messageId}: of what came before event ${from} it says nothing`,
    );
  for (const event of events) await operator.print(`  ${lineOfExposed(event)}`);
  if (signIns.length > 0) await operator.print('which rest on');
  for (const event of signIns) await operator.print(`  ${lineOfExposed(event)}`);
}

function lineOfExposed({ index, time, type, method, disclosed }: Exposed): string {
  const said = Object.entries(method === null ? disclosed : { method, ...disclosed });
  return [index, time, type, ...said.map(([field, value]) => `${field}=${JSON.stringify(value)}`)].join('  ');
}

/** `altered at 450: MessageViewed …`: the word first, so that scripts can look for it. */
function sentenceOfFinding({ kind, ...facts }: Finding): string {
  const said = Object.entries(facts).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${kind.toUpperCase()} ${said.join(' ')}`;
}

async function opened(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (cause) {
    throw new BadInput(`${file} cannot be read`, { cause });
  }
}

async function keysIn(given: string): Promise<TrustedKey[]> {
  const own = readTrustedKey(given);
  if (own !== null) return [own];
  const lines = (await readText(given)).split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const key = readTrustedKey(line);
    if (key === null) throw new BadInput(`${given} holds no public key of a ledger`);
    return key;
  });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BadInput(`${path} cannot be read`, { cause });
  }
}
