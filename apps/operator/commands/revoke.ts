import { userInfo } from 'node:os';
import { Command } from 'commander';
import { RevokeMessage, RevokeMessageHandler } from '#libs/sealing';
import { UsageFault } from '../exit-codes.ts';
import { messageIdOf } from '../operator.ts';
import type { Operator } from '../operator.ts';

/** 500 characters, one line: it is shown in tables, and stays in the record for good. */
const MAX_REASON_CHARACTERS = 500;

export function revokeCommand(operator: Operator): Command {
  return new Command('revoke')
    .description('take a message back: once this is confirmed, the portal shows it to nobody')
    .argument('<messageId>', 'as in the record and in "segl inspect"')
    .option('--reason <text>', 'why, for the record; no personal data, since the record cannot forget it')
    .option('--by <name>', 'who says so, for the record; default: the name of the user that runs this')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Final: a revoked message cannot be brought back. Revoking twice changes nothing. Who has read it already is in
"segl audit query --message <id>". The attachment still opens with the organisation's key.

Examples:
  segl revoke q2mzx4v3aaaabbbbccccddddeeeeffff --reason 'sent to the wrong company'`,
    )
    .action(
      async (
        text: string,
        { reason, by, json }: { reason?: string; by?: string; json?: boolean },
        command: Command,
      ) => {
        const messageId = messageIdOf(text);
        const revokedBy = by ?? `segl revoke (${userInfo().username})`;
        for (const said of [reason ?? '-', revokedBy]) {
          if (said.trim() === '' || said.length > MAX_REASON_CHARACTERS || /\p{Cc}/u.test(said)) {
            throw new UsageFault(`reason and name are one line of at most ${MAX_REASON_CHARACTERS} characters`);
          }
        }
        if (revokedBy.includes('@'))
          throw new UsageFault('--by takes a name, not a mail address: the record cannot forget it');
        await using stores = operator.stores(command);
        const handler = new RevokeMessageHandler(await stores.eventStore(), operator.terminal.clock);
        const outcome = await handler.execute(new RevokeMessage(messageId, revokedBy, reason));
        if (json) return operator.printJson({ messageId, outcome });
        await operator.print(
          outcome === 'revoked' ? `${messageId} is revoked` : `${messageId} had been revoked already`,
        );
      },
    );
}
