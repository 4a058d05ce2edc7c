import { Command } from 'commander';
import { messageTimeline, personTimeline, queryAuditTrail, trailIn } from '#libs/audit';
import type { AuditPaging } from '#libs/audit';
import { countGiven, messageIdOf, whomOf } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { UsageFault } from '../exit-codes.ts';
import { askedFor, askerGiven, NOBODY } from '../asked.ts';
import { withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { exportCommand } from './audit-export.ts';
import { exposureCommand } from './audit-exposure.ts';
import { checkpointCommand, keyCommand } from './audit-key.ts';
import { filterOf, whomIn, withQuestion } from './audit-question.ts';
import type { QuestionOptions, Whom } from './audit-question.ts';
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

type QueryOptions = PageOptions & QuestionOptions;

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
  const command = withQuestion(new Command('query').description('list what happened, in the order of the record'));
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
      const asked = whomIn(options);
      await using trail = await openTrail(operator, command, options.personal || asked.some(isByAddress));
      const persons: Record<string, string> = {};
      for (const [field, whom] of asked) persons[field] = (await trail.personIdOf(whom)) ?? NOBODY;
      const isOfNobody = Object.values(persons).includes(NOBODY);
      // Asked in either case, so that what cannot be asked is refused.
      const known = Object.fromEntries(Object.entries(persons).filter(([, personId]) => personId !== NOBODY));
      const answer = queryAuditTrail(await trail.db(), { ...filter, ...known }, paging);
      const page = isOfNobody ? nobody(operator) : answer;
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
    .option('--person <person>', 'of one person, by exact address or by the id in the record');
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
      const whom = person === undefined ? null : whomOf(person);
      await using trail = await openTrail(operator, command, options.personal || (whom !== null && 'address' in whom));
      const personId = whom === null ? null : await trail.personIdOf(whom);
      const question = whom === null ? 'message-timeline' : 'person-timeline';
      const asked = askedFor({ messageId, personId: whom === null ? null : (personId ?? NOBODY), ...paging });
      if (messageId === null && personId === null) {
        queryAuditTrail(await trail.db(), {}, paging); // so that what cannot be asked is refused
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

function isByAddress([, whom]: readonly [string, Whom]): boolean {
  return 'address' in whom;
}

function pagingOf({ limit, after, before, newestFirst }: PageOptions): AuditPaging {
  return {
    limit: limit === undefined ? undefined : countGiven(limit),
    after,
    before,
    order: newestFirst === true ? 'newest-first' : 'oldest-first',
  };
}
