import { Command } from 'commander';
import { UsageFault } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';
import { openReadModels } from '../read-models.ts';
import { passOverCommand } from './projections-pass-over.ts';

/** Of one read model. A million events take about a minute. */
const REBUILT_WITHIN_MS = 6 * 60 * 60_000;

export function projectionsCommand(operator: Operator): Command {
  return new Command('projections')
    .description('the tables made from the record')
    .addCommand(rebuildCommand(operator))
    .addCommand(passOverCommand(operator));
}

function rebuildCommand(operator: Operator): Command {
  return new Command('rebuild')
    .description('fill read models anew from the first event, while the present ones answer')
    .argument('[name]', 'one of them; default: all')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Nothing can be lost by it: everything in them comes from the events. The present ones answer, here and in a running appliance, until the new ones take
their place at once; it needs as much disk again meanwhile. Broken off, nothing has changed.
Examples:
  segl projections rebuild
  segl projections rebuild audit-trail.v4`,
    )
    .action(async (name: string | undefined, { json }: { json?: boolean }, command: Command) => {
      await using stores = operator.stores(command);
      const { runner } = await openReadModels(operator.places(command), stores);
      const names = runner.status().map((status) => status.name);
      if (name !== undefined && !names.includes(name))
        throw new UsageFault(`there is no read model ${name}; there are ${names.join(', ')}`);
      const rebuilt = name === undefined ? names : [name];
      runner.start();
      for (const each of rebuilt) await runner.rebuild(each, AbortSignal.timeout(REBUILT_WITHIN_MS));
      await runner.caughtUp();
      if (json) return operator.printJson({ rebuilt });
      await operator.print(`rebuilt ${rebuilt.join(', ')}`);
    });
}
