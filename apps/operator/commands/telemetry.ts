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
There is nothing else: each line is one dimension on its own, and stands for ten different visits at least. The day is
when it was written down, not when it happened.

Examples:
  segl telemetry
  segl telemetry --json`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      await using stores = operator.stores(command);
      const { readModels } = await caughtUpReadModels(operator.places(command), stores);
      const rows = readTelemetry(readModels.db);
      if (json) return operator.printJson(rows);
      const lines = rows.map(({ dimension, value, day, count }) => [dimension, value, day, String(count)]);
      await operator.print(table(['dimension', 'value', 'written on', 'count'], lines));
    });
}
