import { Command } from 'commander';
import { recordAuditing } from '#libs/audit';
import { EraseSubject } from '#libs/compliance';
import type { Erasure, WhomToErase } from '#libs/compliance';
import type { PersonId } from '#libs/vocabulary';
import { erasureHere } from '../erasure-reach.ts';
import { UsageFault } from '../exit-codes.ts';
import { mandateGiven, requireApproval, withApproval, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import { addressOf, personIdOf } from '../operator.ts';
import type { Operator } from '../operator.ts';

interface EraseOptions extends MandateOptions {
  readonly personId?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function eraseCommand(operator: Operator): Command {
  return withApproval(withMandate(new Command('erase')))
    .description(
      'erase a person: revoke what was sealed for them, and destroy the key under which the record names them',
    )
    .argument('[address]', 'the person’s mail address')
    .option('--person-id <id>', 'instead: the person’s id, as the record and "segl doctor" name it')
    .option('--yes', 'do not ask')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Final. The record keeps what happened, and who asked for this; nobody can tell any more whom it happened to, and its proofs stay whole.
Unexpired messages to that person are revoked, mails that still wait in this machine's outbox do not leave, and every start over
an older backup of the person directory erases again. Run it on each machine that has an outbox of its own. A legal hold stands in the
way ("segl hold"). What this cannot reach, libs/compliance/README.md names.

Exit code 75: a mail of that person is being sent at this moment; the same again in a minute.

Examples:
  segl erase anna@example.com --case 2026-4711
  segl erase --person-id ppdq2mzx4v3aaaabbbbccccddd --yes`,
    )
    .action(async (text: string | undefined, options: EraseOptions, command: Command) => {
      const whom = whomGiven(text, options);
      const mandate = mandateGiven(options);
      requireApproval(operator, command, 'erase', mandate);
      await using stores = operator.stores(command);
      const persons = await stores.persons();
      const known = 'personId' in whom ? whom.personId : ((await persons.find(whom.address))?.personId ?? null);
      const { handler, messages } = await erasureHere(operator, command, stores);
      if (known !== null) {
        const now = operator.terminal.clock.now();
        let count = 0;
        for await (const { part, expiresAt } of messages.of(known))
          if (part === 'recipient' && now < expiresAt) count++;
        // In the record before it is said, whatever is answered then.
        const { by, ...why } = mandate;
        const about = { fields: ['person'], persons: [{ personId: known }], question: 'search' as const, rows: count };
        const data = { askedBy: by, through: 'command-line' as const, ...why, ...about, queriedAt: now };
        await recordAuditing(await stores.eventStore(), { type: 'AuditTrailQueried', data });
        const they = count === 1 ? '1 message to that address has' : `${count} messages to that address have`;
        await operator.confirm(
          `${they} not expired; the portal shows them to nobody after this.`,
          options.yes ?? false,
        );
      }
      const erasure = await handler.execute(new EraseSubject(whom, mandate));
      if (options.json) return operator.printJson(erasure);
      await operator.print(sentenceFor(erasure));
      if (erasure.outcome === 'erased' && erasure.carriersToOthers > 0)
        operator.terminal.say(
          `segl: ${erasure.carriersToOthers} mails to others that name the person wait in the outbox, and leave this disk as they are sent`,
        );
    });
}

/** @throws UsageFault */
function whomGiven(text: string | undefined, { personId }: EraseOptions): WhomToErase {
  if ((text === undefined) === (personId === undefined)) throw new UsageFault('give either an address or --person-id');
  return text === undefined ? { personId: personIdOf(personId ?? '') } : { address: addressOf(text) };
}

function sentenceFor(erasure: Erasure): string {
  switch (erasure.outcome) {
    case 'erased': {
      const { personId, revokedMessages, withdrawnCarriers } = erasure;
      return `${personId satisfies PersonId} is erased; ${revokedMessages} messages revoked, ${withdrawnCarriers} mails taken back from the outbox`;
    }
    case 'already-erased':
      return `${erasure.personId} was erased on ${erasure.erasedAt}; nothing was changed`;
    case 'unknown':
      return 'nobody is known by that; an erased person’s address is nobody’s. Nothing was changed in the record';
    default:
      return erasure satisfies never;
  }
}
