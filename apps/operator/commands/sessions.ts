import { Command } from 'commander';
import { recentSignIns, trailIn } from '#libs/audit';
import { EndSessions, EndSessionsHandler } from '#libs/compliance';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { isEmbedded } from '#libs/installation';
import { openSessionsOf } from '#libs/recipient-access';
import type { PersonId } from '#libs/vocabulary';
import { askerGiven } from '../asked.ts';
import { Refused, UsageFault } from '../exit-codes.ts';
import { mandateGiven, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { addressOf, personIdOf, table } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';
import { recordQuestion } from '../recorded-question.ts';
import type { OpenedForCommand } from '../stores.ts';

interface SessionsOptions extends MandateOptions {
  readonly personId?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function sessionsCommand(operator: Operator): Command {
  return new Command('sessions')
    .description('who is signed in at the portal, and an end to it')
    .addCommand(listCommand(operator))
    .addCommand(endCommand(operator));
}

function listCommand(operator: Operator): Command {
  return withMandate(new Command('list'))
    .description('persons with open sessions, by their ids')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  segl sessions list --json')
    .action(async (options: SessionsOptions, command: Command) => {
      const asker = askerGiven(options);
      await using stores = operator.stores(command);
      const sessions = await sharedSessions(operator, command, stores);
      const { db } = (await caughtUpReadModels(operator.places(command), stores)).readModels;
      const { personIds, rows, hasMore } = await recentSignIns(trailIn(db), operator.terminal.clock.now());
      await recordQuestion(operator, stores, asker, { fields: ['sessions'], rows });
      const open = [];
      for (const personId of personIds)
        for (const session of await openSessionsOf(sessions, personId)) open.push({ personId, ...session });
      if (hasMore)
        operator.terminal.say('segl: only the latest 500 sign-ins of the last 8 hours were looked at; there were more');
      if (options.json) return operator.printJson({ sessions: open, hasMore });
      const lines = open.map(({ personId, startedAt, method }) => [personId, startedAt, method]);
      await operator.print(table(['person', 'since', 'proven by'], lines));
    });
}

function endCommand(operator: Operator): Command {
  return withMandate(new Command('end'))
    .description('end every session of one person at the portal; they may sign in again')
    .argument('[address]', 'the person’s mail address')
    .option('--person-id <id>', 'instead: the person’s id, as "segl sessions list" names it')
    .option('--yes', 'do not ask')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      "\nExamples:\n  segl sessions end anna@example.com --case 2026-4711 --reason 'a shared computer was left open'",
    )
    .action(async (text: string | undefined, options: SessionsOptions, command: Command) => {
      const mandate = mandateGiven(options);
      if ((text === undefined) === (options.personId === undefined))
        throw new UsageFault('give either an address or --person-id');
      await using stores = operator.stores(command);
      const sessions = await sharedSessions(operator, command, stores);
      const personId =
        text === undefined ? personIdOf(options.personId ?? '') : await personWith(stores, addressOf(text));
      const open = (await openSessionsOf(sessions, personId)).length;
      const they = open === 1 ? '1 session is open' : `${open} sessions are open`;
      await operator.confirm(`${they}; whoever reads there must sign in again after this.`, options.yes ?? false);
      const store = await stores.eventStore();
      const handler = new EndSessionsHandler(store, sessions, operator.terminal.clock);
      await handler.execute(new EndSessions(personId, mandate));
      if (options.json) return operator.printJson({ personId, endedSessions: open });
      await operator.print(`${personId}: ${open === 1 ? '1 session' : `${open} sessions`} ended`);
    });
}

/** @throws Refused where no other process can see them */
async function sharedSessions(operator: Operator, command: Command, stores: OpenedForCommand): Promise<EphemeralStore> {
  const settings = operator.settings(command);
  if (isEmbedded('ephemeralStore', settings.ephemeralStore))
    throw new Refused(
      'sessions are in the memory of the portal, where no command reaches them: end them at its console (/console/sessions), or all of them by a new start',
    );
  return stores.ephemeralStore(settings);
}

async function personWith(stores: OpenedForCommand, address: ReturnType<typeof addressOf>): Promise<PersonId> {
  const person = await (await stores.persons()).find(address);
  if (person === null) throw new Refused('nobody is known by that address');
  return person.personId;
}
