import { Command } from 'commander';
import {
  checkpointsBetween,
  eventsFrom,
  exportExposure,
  messageTimeline,
  readCheckpoint,
  recordAuditing,
  trailIn,
} from '#libs/audit';
import type { EventId } from '#libs/vocabulary';
import { askedFor, askerGiven } from '../asked.ts';
import { Refused } from '../exit-codes.ts';
import { withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { openedLedger } from '../opened-ledger.ts';
import type { OpenedLedger } from '../opened-ledger.ts';
import { messageIdOf } from '../operator.ts';
import type { Operator } from '../operator.ts';

export function exposureCommand(operator: Operator): Command {
  return withMandate(new Command('exposure'))
    .description(
      'print a report that proves what of one message was shown and downloaded in the portal, or that nothing was',
    )
    .requiredOption('--message <id>', 'of this message')
    .addHelpText(
      'after',
      `
Lines for "segl audit verify", which says offline what they prove: every event from the sealing to the newest checkpoint is there, all but the
message's own, and the sign-ins they rest on, as its leaf alone. What is personal in those comes with the key of that one value; a
person who was erased has none. It says nothing of who opened the attachment with the organisation's key.

Examples:
  segl audit exposure --message q2mzx4v3aaaabbbbccccddddeeeeffff --case 2026-4711 > exposure.ndjson
  segl audit verify exposure.ndjson --key ledger.keys`,
    )
    .action(async (options: MandateOptions & { message: string }, command: Command) => {
      const asker = askerGiven(options);
      const messageId = messageIdOf(options.message);
      await using stores = operator.stores(command);
      const persons = await stores.persons();
      const ledger = await openedLedger(operator, command, stores);
      const { store, db, tree, checkpoint } = ledger;
      const size = readCheckpoint(checkpoint)?.size ?? 0;
      const { from, signInIds } = await whereItBegan(ledger, messageId, size);
      const data = { ...asker, ...askedFor({ exposure: true, messageId }), form: 'ndjson' as const };
      const exportedAt = operator.terminal.clock.now();
      await recordAuditing(store, { type: 'AuditTrailExported', data: { ...data, exportedAt } });
      const events = eventsFrom(store, tree, from, size - from);
      const checkpoints = checkpointsBetween(db, from, size);
      for await (const line of exportExposure({ messageId, signInIds, persons, events, tree, from, checkpoints }))
        await operator.print(`${line}\n`);
    });
}

/** The leaf of its sealing, and the sign-ins that what followed rests on. @throws Refused where no checkpoint proves the sealing yet */
async function whereItBegan(
  { db, tree }: OpenedLedger,
  messageId: ReturnType<typeof messageIdOf>,
  size: number,
): Promise<{ from: number; signInIds: ReadonlySet<EventId> }> {
  let from: number | null = null;
  const signInIds = new Set<EventId>();
  for (let after: string | null | undefined; after !== null;) {
    const { entries, next } = await messageTimeline(trailIn(db), messageId, { after, limit: 1000 });
    for (const { row, signIn } of entries) {
      if (row.type === 'MessageSealed') from ??= tree.leafAt(row.position);
      if (signIn !== null) signInIds.add(signIn.eventId);
    }
    after = next;
  }
  if (from === null || from >= size)
    throw new Refused('no message of that name was sealed here, or no checkpoint proves its sealing yet');
  return { from, signInIds };
}
