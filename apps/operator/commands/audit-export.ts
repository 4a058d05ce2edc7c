import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import {
  checkpointsBetween,
  eventsFrom,
  exportRange,
  exportSelection,
  exportSelectionAsCsv,
  inclusionProof,
  readCheckpoint,
  recordAuditing,
  RememberedTiles,
  selectedEvents,
  trailIn,
} from '#libs/audit';
import type { Asker, AuditFilter } from '#libs/audit';
import { askedFor, askerGiven, NOBODY } from '../asked.ts';
import { BadInput, UsageFault } from '../exit-codes.ts';
import { mandateGiven, requireApproval, withApproval, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { openedLedger } from '../opened-ledger.ts';
import type { OpenedLedger } from '../opened-ledger.ts';
import { countGiven } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { filterOf, whomIn, withQuestion } from './audit-question.ts';
import type { QuestionOptions } from './audit-question.ts';

interface ExportOptions extends MandateOptions, QuestionOptions {
  readonly since?: string;
  readonly fromIndex?: string;
  readonly csv?: boolean;
}

/** What of a selection is wanted, and in which form. */
interface Selecting {
  /** Null: of nobody. */
  readonly filter: AuditFilter | null;
  readonly fromIndex: number;
  readonly isCsv: boolean;
}

export function exportCommand(operator: Operator): Command {
  const command = withApproval(withMandate(new Command('export')))
    .description(
      'print the record with its proof, one JSON object to a line; or what answers to a question, each event with a proof of its own',
    )
    .option('--since <file>', 'only what came after the checkpoint in this file')
    .option('--csv', 'as CSV (RFC 4180), each event with a proof of its own')
    .option(
      '--from-index <number>',
      'of a selection, or CSV: from this event of the ledger on, as where an export was cut off',
    );
  return withQuestion(command)
    .addHelpText(
      'after',
      `
Everything is as it is stored: personal data stays encrypted under the keys of the persons. "segl audit verify" proves what this
prints, on any machine, with the public key ("segl audit key") and a checkpoint that was kept elsewhere; LEDGER.md says how others can.
That you exported it stands in the record, behind what this prints. Where the setting console.secondPerson names "export", everything but
the export of one message takes two persons: name the other with --approved-by.

Examples:
  segl audit export > record.ndjson
  segl audit export --since checkpoint-of-may > since-may.ndjson
  segl audit export --reader anna@example.com --from 2026-03-01 --csv > read-by-anna.csv`,
    )
    .action(async (options: ExportOptions, command: Command) => {
      const { since, csv: isCsv = false } = options;
      const asker = askerGiven(options);
      const [filter, asked] = [filterOf(options), whomIn(options)];
      const isSelection = isCsv || asked.length > 0 || Object.values(filter).some((value) => value !== undefined);
      if (isSelection && since !== undefined)
        throw new UsageFault('--since goes with a whole export, not with a selection or CSV');
      if (!isSelection && options.fromIndex !== undefined)
        throw new UsageFault('--from-index goes with a selection, or CSV; a whole export goes on by --since');
      const fromIndex = options.fromIndex === undefined ? 0 : countGiven(options.fromIndex);
      if (filter.messageId === undefined) requireApproval(operator, command, 'export', mandateGiven(options));
      const from = since === undefined ? 0 : await sizeIn(since);
      await using stores = operator.stores(command);
      const ledger = await openedLedger(operator, command, stores);
      if (!isSelection) {
        const lines = wholeExport(ledger, from);
        await record(operator, ledger, asker, 'ndjson', { since });
        return await printAll(operator, lines);
      }
      const persons: Record<string, string> = {};
      for (const [field, whom] of asked) {
        const person = 'personId' in whom ? whom : await (await stores.persons()).find(whom.address);
        persons[field] = person?.personId ?? NOBODY;
      }
      const isOfNobody = Object.values(persons).includes(NOBODY);
      if (isOfNobody) operator.terminal.say('segl: nobody is known by that address, or the person was erased');
      const question: AuditFilter = { ...filter, ...persons };
      await trailIn(ledger.db).page(isOfNobody ? filter : question, { limit: 1 }); // what cannot be asked is no export
      const lines = selectedExport(ledger, { filter: isOfNobody ? null : question, fromIndex, isCsv });
      await record(operator, ledger, asker, isCsv ? 'csv' : 'ndjson', { ...question });
      await printAll(operator, lines);
    });
}

function wholeExport({ store, db, tree, checkpoint }: OpenedLedger, from: number): AsyncIterable<string> {
  const size = readCheckpoint(checkpoint)?.size ?? 0;
  if (from >= size) throw new UsageFault(`nothing came after the checkpoint at ${from}: the newest is at ${size}`);
  const checkpoints = checkpointsBetween(db, from, size);
  return exportRange({ events: eventsFrom(store, tree, from, size - from), tree, from, checkpoints });
}

function selectedExport(
  { store, db, tree, checkpoint }: OpenedLedger,
  { filter, fromIndex, isCsv }: Selecting,
): AsyncIterable<string> {
  const size = readCheckpoint(checkpoint)?.size ?? 0;
  const events =
    filter === null ? nothing() : selectedEvents({ store, trail: trailIn(db), tree }, { filter, size, fromIndex });
  const tiles = new RememberedTiles(tree);
  const prove = (index: number) => inclusionProof(tiles, index, size);
  return isCsv ? exportSelectionAsCsv(events, checkpoint, prove) : exportSelection(events, checkpoint, prove);
}

async function* nothing(): AsyncIterable<never> {
  // nobody did anything
}

/** Before the first line. */
async function record(
  operator: Operator,
  { store }: OpenedLedger,
  asker: Asker,
  form: 'ndjson' | 'csv',
  filter: Parameters<typeof askedFor>[0],
): Promise<void> {
  const exportedAt = operator.terminal.clock.now();
  const data = { ...asker, ...askedFor(filter), form, exportedAt };
  await recordAuditing(store, { type: 'AuditTrailExported', data });
}

async function printAll(operator: Operator, lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) await operator.print(line);
}

async function sizeIn(path: string): Promise<number> {
  const checkpoint = readCheckpoint(
    await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new BadInput(`the checkpoint ${path} cannot be read`, { cause });
    }),
  );
  if (checkpoint === null) throw new BadInput(`${path} holds no checkpoint`);
  return checkpoint.size;
}
