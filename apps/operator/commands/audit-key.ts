import { Command } from 'commander';
import { ledgerKeys, openedLedger } from '../opened-ledger.ts';
import type { Operator } from '../operator.ts';

export function keyCommand(operator: Operator): Command {
  return new Command('key')
    .description('print the public keys that the ledger is signed with, newest first; keep them elsewhere')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      await using stores = operator.stores(command);
      const { origin } = await openedLedger(operator, command, stores);
      const keys = ledgerKeys(await stores.keyring(['ledger.pub']), origin);
      if (json) return operator.printJson({ origin, keys });
      for (const key of keys) await operator.print(key);
    });
}

export function checkpointCommand(operator: Operator): Command {
  return new Command('checkpoint')
    .description('print the newest checkpoint, signed now; keep it where the database’s administrator cannot write')
    .action(async (_options: object, command: Command) => {
      await using stores = operator.stores(command);
      const { checkpoint } = await openedLedger(operator, command, stores);
      await operator.print(checkpoint);
    });
}
