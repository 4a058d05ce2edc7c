import { Command } from 'commander';
import { newPersonId } from '#libs/vocabulary';
import { addressOf } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { countOpenable } from '../sealed-messages.ts';

export function eraseCommand(operator: Operator): Command {
  return new Command('erase')
    .description('erase a person: destroy the key under which the record holds what is personal')
    .argument('<address>', 'the person’s mail address')
    .option('--yes', 'do not ask')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Final. The record keeps what happened, without any way to tell who it was; its proofs stay whole. Messages to that
address that have not expired can no longer be opened in the portal. A backup of the person directory brings the
person back until it is deleted: keep such backups no longer than 30 days.

Examples:
  segl erase anna@example.com`,
    )
    .action(async (text: string, { yes, json }: { yes?: boolean; json?: boolean }, command: Command) => {
      const address = addressOf(text);
      await using stores = operator.stores(command);
      const persons = await stores.persons();
      const person = await persons.find(address);
      if (person === null) {
        await persons.erase(newPersonId()); // nobody: but an erasure that was interrupted is finished by this
        if (json) return operator.printJson({ erased: false });
        return operator.print('nobody is known by that address; nothing was changed');
      }
      const { personId } = person;
      const now = operator.terminal.clock.now();
      const count = stores.has('eventStore')
        ? await countOpenable(await stores.eventStore(), now, (sealed) => sealed.recipientId === personId)
        : 0;
      const messages = count === 1 ? '1 message to that address has' : `${count} messages to that address have`;
      await operator.confirm(`${messages} not expired; the portal shows them to nobody after this.`, yes ?? false);
      const erased = await persons.erase(personId);
      if (json) return operator.printJson({ erased, personId, unexpiredMessages: count });
      await operator.print(`${personId} is erased`);
    });
}
