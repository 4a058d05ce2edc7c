import { Command } from 'commander';
import { UsageFault } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';
import { openReadModels } from '../read-models.ts';
import { passOverCommand } from './projections-pass-over.ts';

/** A million events take about 15 s. */
const REBUILT_WITHIN_MS = 60 * 60_000;

export function projectionsCommand(operator: Operator): Command {
  return new Command('projections')
    .description('the tables made from the record')
    .addCommand(rebuildCommand(operator))
    .addCommand(passOverCommand(operator));
}

function rebuildCommand(operator: Operator): Command {
  return new Command('rebuild')
    .description('empty read models and fill them anew from the first event')
    .argument('[name]', 'one of them; default: all')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Nothing can be lost by it: everything in them comes from the events. Queries answer incompletely until it is done.

Examples:
  segl projections rebuild
  segl projections rebuild audit-trail.v3`,
    )
    .action(async (name: string | undefined, { json }: { json?: boolean }, command: Command) => {
      await using stores = operator.stores(command);
      const { runner } = await openReadModels(operator.places(command), stores);
      const names = runner.status().map((status) => status.name);
      if (name !== undefined && !names.includes(name))
        throw new UsageFault(`there is no read model ${name}; there are ${names.join(', ')}`);
      const rebuilt = name === undefined ? names : [name];
      for (const each of rebuilt) runner.rebuild(each);
      runner.start();
      await runner.caughtUp(REBUILT_WITHIN_MS);
      if (json) return operator.printJson({ rebuilt });
      await operator.print(`rebuilt ${rebuilt.join(', ')}`);
    });
}
