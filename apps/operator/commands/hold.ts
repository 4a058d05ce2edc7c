import { Command } from 'commander';
import { MessagesInTrail, standingHolds, trailIn } from '#libs/audit';
import { HoldSubject, HoldSubjectHandler, LiftHold, LiftHoldHandler } from '#libs/compliance';
import type { PersonDirectory } from '#libs/keyring';
import type { PersonId } from '#libs/vocabulary';
import { askerGiven } from '../asked.ts';
import { Refused, UsageFault } from '../exit-codes.ts';
import { mandateGiven, requireApproval, withApproval, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { addressOf, personIdOf, table } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import { recordQuestion } from '../recorded-question.ts';

interface HoldOptions extends MandateOptions {
  readonly personId?: string;
  readonly json?: boolean;
}

export function holdCommand(operator: Operator): Command {
  return new Command('hold')
    .description('keep a person from being erased, for a case')
    .addCommand(changeCommand(operator, 'place', 'nobody can erase the person until this case lifts its hold'))
    .addCommand(changeCommand(operator, 'lift', 'end the hold of one case; those of others stay'))
    .addCommand(listCommand(operator));
}

function changeCommand(operator: Operator, name: 'place' | 'lift', description: string): Command {
  return withApproval(withMandate(new Command(name)))
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
      if (name === 'lift') requireApproval(operator, command, 'lift-hold', mandate);
      if (caseNumber === undefined) throw new UsageFault('--case is missing: a hold is of a case');
      await using stores = operator.stores(command);
      const persons = await stores.persons();
      const personId = await personGiven(persons, text, options);
      const messages = new MessagesInTrail(
        async () => (await caughtUpReadModels(operator.places(command), stores)).readModels.db,
      );
      const ofCase = { ...mandate, caseNumber };
      const { clock } = operator.terminal;
      const store = await stores.eventStore();
      const outcome =
        name === 'place'
          ? await new HoldSubjectHandler(store, { persons, messages }, clock).execute(new HoldSubject(personId, ofCase))
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
      const { db } = (await caughtUpReadModels(operator.places(command), stores)).readModels;
      const holds = await standingHolds(trailIn(db));
      await recordQuestion(operator, stores, asker, { fields: ['holds'], rows: holds.length });
      if (options.json) return operator.printJson(holds);
      const lines = holds.map(({ personId, caseNumber, by, placedAt }) => [personId, caseNumber, by, placedAt]);
      await operator.print(table(['person', 'case', 'by', 'since'], lines));
    });
}

/** @throws UsageFault; Refused when nobody is known by the address */
async function personGiven(
  persons: PersonDirectory,
  text: string | undefined,
  { personId }: HoldOptions,
): Promise<PersonId> {
  if ((text === undefined) === (personId === undefined)) throw new UsageFault('give either an address or --person-id');
  if (text === undefined) return personIdOf(personId ?? '');
  const person = await persons.find(addressOf(text));
  if (person === null) throw new Refused('nobody is known by that address');
  return person.personId;
}
