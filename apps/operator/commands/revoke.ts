import { Command } from 'commander';
import { recordAuditing, sealings } from '#libs/audit';
import type { AuditFilter } from '#libs/audit';
import { decryptPersonalData } from '#libs/keyring';
import type { EncryptedPersonalData, PersonDirectory } from '#libs/keyring';
import { RevokeMessage, RevokeMessageHandler } from '#libs/sealing';
import type { Mandate, MessageId, PersonId } from '#libs/vocabulary';
import { askedFor } from '../asked.ts';
import { Refused, UsageFault } from '../exit-codes.ts';
import { mandateGiven, operatingSystemUser, requireApproval, withApproval, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { addressOf, instantGiven, messageIdOf } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import type { OpenedForCommand } from '../stores.ts';

interface SearchOptions {
  readonly sender?: string;
  readonly recipient?: string;
  readonly from?: string;
  readonly to?: string;
  readonly submission?: string;
}

interface RevokeOptions extends MandateOptions, SearchOptions {
  readonly by?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Found {
  readonly messageId: MessageId;
  /** What somebody who is asked needs to see; null where only the id was given. */
  readonly line: string | null;
}

/** So many at once: past it the search is to be narrowed, so that whoever is asked can have read the list. */
const MAX_REVOKED_AT_ONCE = 10_000;

export function revokeCommand(operator: Operator): Command {
  return withApproval(withMandate(new Command('revoke')))
    .description('take messages back: once this is confirmed, the portal shows them to nobody')
    .argument('[messageId]', 'as in the record and in "segl inspect"; or what follows, all of which must hold')
    .option('--sender <address>', 'what that very address sent')
    .option('--recipient <address>', 'what was sealed for that very address')
    .option('--from <time>', 'sealed from this time on (2026-03-01 or 2026-03-01T12:00:00Z)')
    .option('--to <time>', 'sealed before this time')
    .option('--submission <id>', 'of one submission')
    .option('--by <name>', 'who says so, for the record; default: the name of the user that runs this')
    .option('--yes', 'do not ask')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Final: a revoked message cannot be brought back. Revoking twice changes nothing. Who has read it already is in
"segl audit query --message <id>". The attachment still opens with the organisation's key. What was sealed after the list was
made is not on it.

Examples:
  segl revoke q2mzx4v3aaaabbbbccccddddeeeeffff --case 2026-4711 --reason 'sent to the wrong company'
  segl revoke --sender anna@example.com --from 2026-03-01 --to 2026-03-02 --yes --json`,
    )
    .action(async (text: string | undefined, options: RevokeOptions, command: Command) => {
      const by = options.by ?? `segl revoke (${operatingSystemUser()})`;
      const mandate = mandateGiven(options, by);
      requireApproval(operator, command, 'revoke', mandate);
      const { reason, caseNumber, approvedBy } = mandate;
      const isSearch = SEARCHED_BY.some((name) => options[name] !== undefined);
      if ((text === undefined) === !isSearch) throw new UsageFault('give either a message id, or what to search for');
      await using stores = operator.stores(command);
      const found: readonly Found[] =
        text === undefined
          ? await search(operator, command, stores, options, mandate)
          : [{ messageId: messageIdOf(text), line: null }];
      if (found.length === 0)
        return options.json ? operator.printJson([]) : operator.print('no message answers to that');
      for (const { line } of found) if (line !== null) operator.terminal.say(line);
      const count = found.length === 1 ? '1 message is' : `${found.length} messages are`;
      await operator.confirm(`${count} shown to nobody after this, for good.`, options.yes ?? false);
      const handler = new RevokeMessageHandler(await stores.eventStore(), operator.terminal.clock);
      const outcomes = [];
      for (const { messageId } of found) {
        const outcome = await handler.execute(new RevokeMessage(messageId, by, reason, caseNumber, approvedBy));
        outcomes.push({ messageId, outcome });
        const words = outcome === 'revoked' ? 'is revoked' : 'had been revoked already';
        if (!options.json) await operator.print(`${messageId} ${words}`);
      }
      if (options.json) await operator.printJson(outcomes);
    });
}

const SEARCHED_BY = ['sender', 'recipient', 'from', 'to', 'submission'] as const;

async function search(
  operator: Operator,
  command: Command,
  stores: OpenedForCommand,
  { sender, recipient, from, to, submission }: SearchOptions,
  { by, ...why }: Mandate,
): Promise<Found[]> {
  const persons = await stores.persons();
  const [senderId, recipientId] = [await personOf(persons, sender), await personOf(persons, recipient)];
  const filter: AuditFilter = {
    senderId,
    recipientId,
    from: from === undefined ? undefined : instantGiven(from),
    to: to === undefined ? undefined : instantGiven(to),
    submissionId: submission,
  };
  const { db } = (await caughtUpReadModels(operator.places(command), stores)).readModels;
  const found: Found[] = [];
  for (const { messageId, eventId, data } of sealings(db, filter)) {
    if (messageId === null) continue;
    if (found.length === MAX_REVOKED_AT_ONCE)
      throw new Refused(`more than ${MAX_REVOKED_AT_ONCE} messages answer to that: narrow the times`);
    const readable = async (field: 'sender' | 'recipient') => {
      const person = await persons.findById(data[`${field}Id`] as PersonId);
      if (person === null) return '(erased)';
      return String(decryptPersonalData(person, eventId, field, data[field] as EncryptedPersonalData));
    };
    const line = `${messageId}  ${String(data.sealedAt)}  ${await readable('sender')} → ${await readable('recipient')}`;
    found.push({ messageId, line });
  }
  // In the record before it is shown, whatever is answered then.
  const data = { askedBy: by, through: 'command-line' as const, ...why, ...askedFor({ ...filter }) };
  const queriedAt = operator.terminal.clock.now();
  const event = { ...data, question: 'search' as const, rows: found.length, queriedAt };
  await recordAuditing(await stores.eventStore(), { type: 'AuditTrailQueried', data: event });
  return found;
}

/** @throws Refused when nobody is known by the address */
async function personOf(persons: PersonDirectory, text: string | undefined): Promise<PersonId | undefined> {
  if (text === undefined) return undefined;
  const person = await persons.find(addressOf(text));
  if (person === null) throw new Refused('nobody is known by that address: nothing was changed');
  return person.personId;
}
