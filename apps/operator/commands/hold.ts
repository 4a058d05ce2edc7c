import { Command } from 'commander';
import { queryAuditTrail, recordAuditing } from '#libs/audit';
import { HoldSubject, HoldSubjectHandler, LiftHold, LiftHoldHandler } from '#libs/compliance';
import type { PersonId } from '#libs/vocabulary';
import { askerGiven } from '../asked.ts';
import { Refused, UsageFault } from '../exit-codes.ts';
import { mandateGiven, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { addressOf, personIdOf, table } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import type { OpenedForCommand } from '../stores.ts';

interface HoldOptions extends MandateOptions {
  readonly personId?: string;
  readonly json?: boolean;
}

interface Hold {
  readonly personId: PersonId;
  readonly caseNumber: string;
  readonly by: string;
  readonly placedAt: string;
}

export function holdCommand(operator: Operator): Command {
  return new Command('hold')
    .description('keep a person from being erased, for a case')
    .addCommand(changeCommand(operator, 'place', 'nobody can erase the person until this case lifts its hold'))
    .addCommand(changeCommand(operator, 'lift', 'end the hold of one case; those of others stay'))
    .addCommand(listCommand(operator));
}

function changeCommand(operator: Operator, name: 'place' | 'lift', description: string): Command {
  return withMandate(new Command(name))
    .description(description)
    .argument('[address]', 'the person’s mail address')
    .option('--person-id <id>', 'instead: the person’s id, as the record names it')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `\nExamples:\n  segl hold ${name} anna@example.com --case 2026-4711 --reason 'suit of Nordlys'`,
    )
    .action(async (text: string | undefined, options: HoldOptions, command: Command) => {
      const { caseNumber, ...mandate } = mandateGiven(options);
      if (caseNumber === undefined) throw new UsageFault('--case is missing: a hold is of a case');
      await using stores = operator.stores(command);
      const personId = await personGiven(stores, text, options);
      const ofCase = { ...mandate, caseNumber };
      const { clock } = operator.terminal;
      const store = await stores.eventStore();
      const outcome =
        name === 'place'
          ? await new HoldSubjectHandler(store, clock).execute(new HoldSubject(personId, ofCase))
          : await new LiftHoldHandler(store, clock)
              .execute(new LiftHold(personId, ofCase))
              .then(() => 'lifted' as const);
      if (options.json) return operator.printJson({ personId, caseNumber, outcome });
      const words = { held: 'is held', 'held-already': 'was held already', lifted: 'is held no more' }[outcome];
      await operator.print(`${personId} ${words} for case ${caseNumber}`);
    });
}

function listCommand(operator: Operator): Command {
  return withMandate(new Command('list'))
    .description('every hold that stands')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  segl hold list --json')
    .action(async (options: HoldOptions, command: Command) => {
      const asker = askerGiven(options);
      await using stores = operator.stores(command);
      const holds = await standingHolds(operator, command, stores);
      const queriedAt = operator.terminal.clock.now();
      const data = { ...asker, fields: ['holds'], question: 'search' as const, rows: holds.length, queriedAt };
      await recordAuditing(await stores.eventStore(), { type: 'AuditTrailQueried', data });
      if (options.json) return operator.printJson(holds);
      const lines = holds.map(({ personId, caseNumber, by, placedAt }) => [personId, caseNumber, by, placedAt]);
      await operator.print(table(['person', 'case', 'by', 'since'], lines));
    });
}

async function standingHolds(operator: Operator, command: Command, stores: OpenedForCommand): Promise<Hold[]> {
  const { db } = (await caughtUpReadModels(operator.places(command), stores)).readModels;
  const holds = new Map<string, Hold>();
  for (let after: string | null | undefined; after !== null;) {
    const { rows, next } = queryAuditTrail(db, { types: ['HoldPlaced', 'HoldLifted'] }, { after, limit: 1000 });
    for (const { type, stream, data } of rows) {
      const personId = stream.slice(stream.indexOf('-') + 1) as PersonId;
      const { caseNumber, by, placedAt } = data as unknown as Hold;
      if (type === 'HoldPlaced') holds.set(`${personId} ${caseNumber}`, { personId, caseNumber, by, placedAt });
      else holds.delete(`${personId} ${caseNumber}`);
    }
    after = next;
  }
  return [...holds.values()];
}

/** @throws UsageFault; Refused when nobody is known by the address */
async function personGiven(
  stores: OpenedForCommand,
  text: string | undefined,
  { personId }: HoldOptions,
): Promise<PersonId> {
  if ((text === undefined) === (personId === undefined)) throw new UsageFault('give either an address or --person-id');
  if (text === undefined) return personIdOf(personId ?? '');
  const person = await (await stores.persons()).find(addressOf(text));
  if (person === null) throw new Refused('nobody is known by that address');
  return person.personId;
}
