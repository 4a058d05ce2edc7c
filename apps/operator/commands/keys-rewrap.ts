import { Command } from 'commander';
import type { Operator } from '../operator.ts';

export function keysRewrapCommand(operator: Operator): Command {
  return new Command('rewrap')
    .description('wrap every person’s key under the current person-wrapping key')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Done by "segl keys rotate person-wrapping" already; here for when that was interrupted. May be run at any time.

Example:
  segl keys rewrap --data-dir /var/lib/segl`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      await using stores = operator.stores(command);
      const rewrapped = await (await stores.persons()).rewrap();
      if (json) return operator.printJson({ rewrapped });
      await operator.print(`${rewrapped} wrapped anew`);
    });
}
