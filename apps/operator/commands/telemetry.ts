import { Command } from 'commander';
import { readTelemetry } from '#libs/telemetry';
import { table } from '../operator.ts';
import type { Operator } from '../operator.ts';
import { caughtUpReadModels } from '../read-models.ts';

export function telemetryCommand(operator: Operator): Command {
  return new Command('telemetry')
    .description('print every count that is kept, exactly as it is kept')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
There is nothing else. Each line is one dimension on its own: how many persons there were of one kind within a period, with
noise that is larger than any one person. The true number is within the margin 19 times out of 20. A line that would stand
for few persons is not written, and each person is counted once in a dimension, however often they come. Of several
portal processes, the counts are those of one, since it was started ("from") or the period began.

Examples:
  segl telemetry
  segl telemetry --json`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      await using stores = operator.stores(command);
      const { readModels } = await caughtUpReadModels(operator.places(command), stores);
      const rows = readTelemetry(readModels.db);
      if (json) return operator.printJson(rows);
      const lines = rows.map(({ dimension, value, from, until, persons, margin }) => [
        dimension,
        value,
        from,
        until,
        `${persons} ± ${margin}`,
      ]);
      await operator.print(table(['dimension', 'value', 'from', 'until', 'persons'], lines));
    });
}
