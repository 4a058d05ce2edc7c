import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import {
  checkpointsBetween,
  eventsFrom,
  exportRange,
  exportSelection,
  inclusionProof,
  queryAuditTrail,
  readCheckpoint,
  recordAuditing,
} from '#libs/audit';
import type { Asker, AuditFilter, SelectedEvent } from '#libs/audit';
import { askedFor, askerGiven, NOBODY } from '../asked.ts';
import { BadInput, UsageFault } from '../exit-codes.ts';
import { mandateGiven, requireApproval, withApproval, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { openedLedger } from '../opened-ledger.ts';
import type { OpenedLedger } from '../opened-ledger.ts';
import { addressOf, instantGiven, messageIdOf } from '../operator.ts';
import type { Operator } from '../operator.ts';

interface ExportOptions extends MandateOptions {
  readonly since?: string;
  readonly message?: string;
  readonly person?: string;
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
}

/** Rows read at once: what a page of the query holds. */
const PAGE_ROWS = 1000;

export function exportCommand(operator: Operator): Command {
  return withApproval(withMandate(new Command('export')))
    .description('print the record with its proof, one JSON object to a line')
    .option('--since <file>', 'only what came after the checkpoint in this file')
    .option('--message <id>', 'only events of one message, each with a proof of its own')
    .option('--person <address>', 'only events of one person')
    .option('--type <type>', 'only events of one type')
    .option('--from <time>', 'only events from this time on (2026-03-01 or 2026-03-01T12:00:00Z)')
    .option('--to <time>', 'only events before this time')
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
  segl audit export --message q2mzx4v3aaaabbbbccccddddeeeeffff > message.ndjson`,
    )
    .action(async (options: ExportOptions, command: Command) => {
      const { since, case: _case, reason: _reason, approvedBy: _approvedBy, ...filters } = options;
      const asker = askerGiven(options);
      const isSelection = Object.values(filters).some((value) => value !== undefined);
      if (isSelection && since !== undefined)
        throw new UsageFault('--since goes with a whole export, not with a selection');
      if (filters.message === undefined) requireApproval(operator, command, 'export', mandateGiven(options));
      const from = since === undefined ? 0 : await sizeIn(since);
      const query = queryOf(filters);
      await using stores = operator.stores(command);
      const ledger = await openedLedger(operator, command, stores);
      if (!isSelection) {
        const lines = wholeExport(ledger, from);
        await record(operator, ledger, asker, { since });
        return await printAll(operator, lines);
      }
      const personId =
        filters.person === undefined
          ? undefined
          : (await (await stores.persons()).find(addressOf(filters.person)))?.personId;
      const isNobody = filters.person !== undefined && personId === undefined;
      if (isNobody) operator.terminal.say('segl: nobody is known by that address, or the person was erased');
      const lines = selectedExport(ledger, isNobody ? null : { ...query, personId });
      await record(operator, ledger, asker, { ...query, personId: isNobody ? NOBODY : personId });
      await printAll(operator, lines);
    });
}

function wholeExport({ store, db, tree, checkpoint }: OpenedLedger, from: number): AsyncIterable<string> {
  const size = readCheckpoint(checkpoint)?.size ?? 0;
  if (from >= size) throw new UsageFault(`nothing came after the checkpoint at ${from}: the newest is at ${size}`);
  const checkpoints = checkpointsBetween(db, from, size);
  return exportRange({ events: eventsFrom(store, tree, from, size - from), tree, from, checkpoints });
}

function selectedExport(ledger: OpenedLedger, query: AuditFilter | null): AsyncIterable<string> {
  const size = readCheckpoint(ledger.checkpoint)?.size ?? 0;
  return exportSelection(selected(ledger, query, size), ledger.checkpoint, (index) =>
    inclusionProof(ledger.tree, index, size),
  );
}

async function* selected(
  { store, db, tree }: OpenedLedger,
  query: AuditFilter | null,
  size: number,
): AsyncIterable<SelectedEvent> {
  let after: string | null | undefined;
  while (query !== null && after !== null) {
    const { rows, next } = queryAuditTrail(db, query, { after, limit: PAGE_ROWS });
    for (const { position } of rows) {
      const index = tree.leafAt(position);
      if (index === null || index >= size) continue; // behind the checkpoint: nothing proves it yet
      for await (const event of eventsFrom(store, tree, index, 1)) yield { index, event };
    }
    after = next;
  }
}

/** Before the first line. */
async function record(
  operator: Operator,
  { store }: OpenedLedger,
  asker: Asker,
  filter: Parameters<typeof askedFor>[0],
): Promise<void> {
  const exportedAt = operator.terminal.clock.now();
  const data = { ...asker, ...askedFor(filter), form: 'ndjson' as const, exportedAt };
  await recordAuditing(store, { type: 'AuditTrailExported', data });
}

async function printAll(operator: Operator, lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) await operator.print(`${line}\n`);
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

function queryOf({ message, type, from, to }: ExportOptions): AuditFilter {
  return {
    messageId: message === undefined ? undefined : messageIdOf(message),
    types: type === undefined ? undefined : [type],
    from: from === undefined ? undefined : instantGiven(from),
    to: to === undefined ? undefined : instantGiven(to),
  };
}
