import { Command, Option } from 'commander';
import { AUDITED_TYPES, decryptForDisplay, queryAuditTrail } from '#libs/audit';
import type { AuditQuery, AuditRow } from '#libs/audit';
import type { PersonDirectory } from '#libs/keyring';
import { addressOf, countGiven, instantGiven, messageIdOf } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import { exportCommand } from './audit-export.ts';
import { checkpointCommand, keyCommand } from './audit-key.ts';
import { verifyCommand } from './audit-verify.ts';

interface QueryOptions {
  readonly message?: string;
  readonly person?: string;
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: string;
  readonly after?: string;
  readonly personal: boolean;
  readonly json?: boolean;
}

export function auditCommand(operator: Operator): Command {
  return new Command('audit')
    .description('ask the record, and prove it')
    .addCommand(queryCommand(operator))
    .addCommand(exportCommand(operator))
    .addCommand(verifyCommand(operator))
    .addCommand(keyCommand(operator))
    .addCommand(checkpointCommand(operator));
}

function queryCommand(operator: Operator): Command {
  return new Command('query')
    .description('list what happened, in the order of the record')
    .option('--message <id>', 'of one message')
    .option('--person <address>', 'of one person, as sender, recipient or whoever proved that address')
    .addOption(new Option('--type <type>', 'of one type of event').choices(AUDITED_TYPES))
    .option('--from <time>', 'from this time on (2026-03-01 or 2026-03-01T12:00:00Z)')
    .option('--to <time>', 'before this time')
    .option('--limit <count>', 'at most so many; default 100, at most 1000')
    .option('--after <sequence>', 'the sequence number of the last one of the page before')
    .option('--no-personal', 'leave personal data encrypted, as it is stored')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Personal data is decrypted for showing only; what belongs to an erased person says so.

Examples:
  segl audit query --message q2mzx4v3aaaabbbbccccddddeeeeffff
  segl audit query --person anna@example.com --type MessageViewed --from 2026-03-01 --json`,
    )
    .action(async (options: QueryOptions, command: Command) => {
      const query = queryOf(options);
      const person = options.person === undefined ? null : addressOf(options.person);
      await using stores = operator.stores(command);
      const needsPersons = options.personal || person !== null;
      const persons = needsPersons && stores.has('personKeys') ? await stores.persons() : null;
      const personId = person === null ? null : ((await persons?.find(person))?.personId ?? 'nobody');
      if (personId === 'nobody')
        operator.terminal.say('segl: nobody is known by that address, or the person was erased');
      const { readModels } = await caughtUpReadModels(operator.places(command), stores);
      const rows =
        personId === 'nobody'
          ? []
          : queryAuditTrail(readModels.db, { ...query, ...(personId === null ? {} : { personId }) });
      const shown = options.personal && persons !== null ? await decrypted(rows, persons) : rows;
      if (options.json) return operator.printJson(shown);
      for (const row of shown) await operator.print(lineOf(row));
    });
}

function queryOf({ message, type, from, to, limit, after }: QueryOptions): AuditQuery {
  return {
    messageId: message === undefined ? undefined : messageIdOf(message),
    type,
    from: from === undefined ? undefined : instantGiven(from),
    to: to === undefined ? undefined : instantGiven(to),
    limit: limit === undefined ? undefined : countGiven(limit),
    after: after === undefined ? undefined : countGiven(after),
  };
}

async function decrypted(rows: readonly AuditRow[], persons: PersonDirectory): Promise<AuditRow[]> {
  const shown: AuditRow[] = [];
  for (const row of rows) shown.push(await decryptForDisplay(row, persons));
  return shown;
}

/** `17  2026-03-01T12:00:00.000Z  MessageViewed  message-…  recipientId=… method=passcode`: one line, whatever a value holds. */
function lineOf({ sequence, time, type, stream, data }: AuditRow): string {
  const facts = Object.entries(data).map(
    ([name, value]) =>
      `${name}=${typeof value === 'string' && /^[\w.:@+-]+$/.test(value) ? value : JSON.stringify(value)}`,
  );
  return [sequence, time, type, stream, facts.join(' ')].join('  ');
}
