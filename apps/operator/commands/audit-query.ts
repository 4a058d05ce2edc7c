import { Command, Option } from 'commander';
import {
  AUDITED_TYPES,
  EVIDENCE_IN_TRAIL,
  messageTimeline,
  personTimeline,
  queryAuditTrail,
  trailIn,
} from '#libs/audit';
import type { AuditFilter, AuditPaging } from '#libs/audit';
import { addressOf, messageIdOf, countGiven, instantGiven } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { UsageFault } from '../exit-codes.ts';
import { askedFor, askerGiven, NOBODY } from '../asked.ts';
import { withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { exportCommand } from './audit-export.ts';
import { exposureCommand } from './audit-exposure.ts';
import { checkpointCommand, keyCommand } from './audit-key.ts';
import { verifyCommand } from './audit-verify.ts';
import { printPage, printTimeline } from './audit-output.ts';
import type { OutputOptions } from './audit-output.ts';
import { nobody, openTrail } from './audit-trail-here.ts';

interface PageOptions extends OutputOptions, MandateOptions {
  readonly limit?: string;
  readonly after?: string;
  readonly before?: string;
  readonly newestFirst?: boolean;
}

/** Addresses, by the name of the filter that their person's id becomes. */
type PersonOptions = { readonly [Field in 'person' | 'sender' | 'recipient' | 'reader']?: string };

interface QueryOptions extends PageOptions, PersonOptions {
  readonly message?: string;
  readonly type?: readonly string[];
  readonly outcome?: string;
  readonly method?: string;
  readonly evidence?: string;
  readonly from?: string;
  readonly to?: string;
  readonly submission?: string;
  readonly ofCase?: string;
  readonly words?: string;
  readonly canary?: boolean;
}

export function auditCommand(operator: Operator): Command {
  return new Command('audit')
    .description('ask the record, and prove it')
    .addCommand(queryCommand(operator))
    .addCommand(timelineCommand(operator))
    .addCommand(exportCommand(operator))
    .addCommand(exposureCommand(operator))
    .addCommand(verifyCommand(operator))
    .addCommand(keyCommand(operator))
    .addCommand(checkpointCommand(operator));
}

function withPaging(command: Command): Command {
  return withMandate(command)
    .option('--newest-first', 'against the order of the record')
    .option('--limit <count>', 'at most so many; default 100, at most 1000; more are said on stderr')
    .option('--after <cursor>', 'what follows: the "next" of the page before')
    .option('--before <cursor>', 'what goes before: the "previous" of the page after')
    .option('--no-personal', 'leave personal data encrypted, as it is stored')
    .option('--json', 'print as JSON')
    .option('--csv', 'print as CSV (RFC 4180); nothing in it is a formula to a spreadsheet');
}

function queryCommand(operator: Operator): Command {
  const command = new Command('query')
    .description('list what happened, in the order of the record')
    .option('--message <id>', 'of one message')
    .option(
      '--person <address>',
      'of one person, in whatever part: sender, recipient, reader, who was to prove that address, whom a question was about',
    )
    .option('--sender <address>', 'of what that address sent')
    .option('--recipient <address>', 'of what was sealed for that address')
    .option('--reader <address>', 'of what was shown to the person who had proven that address')
    .addOption(new Option('--type <type...>', 'of these types of event').choices(AUDITED_TYPES))
    .addOption(new Option('--outcome <outcome>', 'how it ended').choices(['done', 'refused', 'failed']))
    .option('--method <method>', 'how the address was proven: passcode, microsoft, google, organisation')
    .addOption(new Option('--evidence <strength>', 'how strong it is as evidence').choices(EVIDENCE_IN_TRAIL))
    .option('--from <time>', 'from this time on (2026-03-01 or 2026-03-01T12:00:00Z)')
    .option('--to <time>', 'before this time')
    .option('--submission <id>', 'of one submission')
    .option('--of-case <number>', 'of what was done under this case number')
    .option(
      '--words <words>',
      'that say all of these words: reasons, names of organisations and keys; never anything personal',
    )
    .option(
      '--canary',
      'with what canary mails leave in the record; a message, person or submission is shown in any case',
    );
  return withPaging(command)
    .addHelpText(
      'after',
      `
All that is given must hold. That you asked is in the record itself, with --case and --reason. Personal data is decrypted for
showing only; what belongs to an erased person says so. Where rows are left, stderr says so and JSON holds "next"; "isWhole": false says that only a part of the record was looked at so far.

Examples:
  segl audit query --message q2mzx4v3aaaabbbbccccddddeeeeffff
  segl audit query --reader anna@example.com --type MessageViewed AttachmentDownloaded --from 2026-03-01 --json`,
    )
    .action(async (options: QueryOptions, command: Command) => {
      const [filter, asker] = [filterOf(options), askerGiven(options)];
      const paging = pagingOf(options);
      const addresses = addressesIn(options);
      await using trail = await openTrail(operator, command, options.personal || addresses.length > 0);
      const persons: Record<string, string> = {};
      for (const [field, address] of addresses) {
        persons[field] = (await trail.personIdOf(address)) ?? NOBODY;
      }
      const isOfNobody = Object.values(persons).includes(NOBODY);
      const page = isOfNobody ? nobody(operator) : queryAuditTrail(await trail.db(), { ...filter, ...persons }, paging);
      await trail.record(asker, 'search', askedFor({ ...filter, ...persons, ...paging }), page.rows.length);
      await printPage(operator, page, options, trail.persons);
    });
}

function timelineCommand(operator: Operator): Command {
  const command = new Command('timeline')
    .description(
      'what happened to one message or one person, each view with the sign-in and the code or account that it rests on',
    )
    .option('--message <id>', 'of one message')
    .option('--person <address>', 'of one person');
  return withPaging(command)
    .addHelpText(
      'after',
      `
Examples:
  segl audit timeline --message q2mzx4v3aaaabbbbccccddddeeeeffff
  segl audit timeline --person anna@example.com --newest-first --limit 20`,
    )
    .action(async (options: PageOptions & { message?: string; person?: string }, command: Command) => {
      const { message, person } = options;
      if ((message === undefined) === (person === undefined)) throw new UsageFault('give either --message or --person');
      const [paging, asker] = [pagingOf(options), askerGiven(options)];
      const messageId = message === undefined ? null : messageIdOf(message);
      const address = person === undefined ? null : addressOf(person);
      await using trail = await openTrail(operator, command, options.personal || address !== null);
      const personId = address === null ? null : await trail.personIdOf(address);
      const question = address === null ? 'message-timeline' : 'person-timeline';
      const asked = askedFor({ messageId, personId: address === null ? null : (personId ?? NOBODY), ...paging });
      if (messageId === null && personId === null) {
        const { rows: entries, ...page } = nobody(operator);
        await trail.record(asker, question, asked, 0);
        return printTimeline(operator, { ...page, entries: entries as never[] }, options, null);
      }
      const record = trailIn(await trail.db());
      const timeline =
        messageId !== null
          ? await messageTimeline(record, messageId, paging)
          : await personTimeline(record, personId as never, paging);
      await trail.record(asker, question, asked, timeline.entries.length);
      await printTimeline(operator, timeline, options, trail.persons);
    });
}

function filterOf(options: QueryOptions): AuditFilter {
  const { message, type, from, to, outcome, method, evidence, submission, words, canary } = options;
  return {
    messageId: message === undefined ? undefined : messageIdOf(message),
    types: type,
    from: from === undefined ? undefined : instantGiven(from),
    to: to === undefined ? undefined : instantGiven(to),
    outcome: outcome as AuditFilter['outcome'],
    evidence: evidence as AuditFilter['evidence'],
    method,
    submissionId: submission,
    caseNumber: options.ofCase,
    words,
    withCanary: canary,
  };
}

function addressesIn(options: PersonOptions): [string, ReturnType<typeof addressOf>][] {
  return (['person', 'sender', 'recipient', 'reader'] as const).flatMap((name) => {
    const text = options[name];
    return text === undefined ? [] : [[`${name}Id`, addressOf(text)]];
  });
}

function pagingOf({ limit, after, before, newestFirst }: PageOptions): AuditPaging {
  return {
    limit: limit === undefined ? undefined : countGiven(limit),
    after,
    before,
    order: newestFirst === true ? 'newest-first' : 'oldest-first',
  };
}
