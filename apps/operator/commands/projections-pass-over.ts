import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { passOver } from '#libs/event-store';
import { UsageFault } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';
import { openReadModels } from '../read-models.ts';

const MAX_REASON_CHARACTERS = 500;
/** How long the read model may take to come to the event that it cannot take. */
const STANDS_WITHIN_MS = 60_000;

interface PassOverOptions {
  readonly reason: string;
  readonly by?: string;
  readonly json?: boolean;
}

export function passOverCommand(operator: Operator): Command {
  return new Command('pass-over')
    .description('let a read model leave out the one event that it stands in front of and cannot take')
    .argument('<name>', 'of the read model, as /readyz names it')
    .requiredOption('--reason <text>', 'why, for the record; no personal data, since the record cannot forget it')
    .option('--by <name>', 'who says so, for the record; default: the name of the user that runs this')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
The decision is an event of its own: every process keeps to it, and every rebuild. An event that a later release wrote is better
waited for: run that release. Exit code 1: the read model does not stand in front of an event.

Examples:
  segl projections pass-over audit-trail.v4 --reason 'damaged by the disk on 1 March, case 4711'`,
    )
    .action(async (name: string, { reason, by, json }: PassOverOptions, command: Command) => {
      const passedOverBy = by ?? `segl projections (${userInfo().username})`;
      for (const said of [reason, passedOverBy]) {
        if (said.trim() === '' || said.length > MAX_REASON_CHARACTERS || /\p{Cc}/u.test(said))
          throw new UsageFault(`reason and name are one line of at most ${MAX_REASON_CHARACTERS} characters`);
        if (said.includes('@')) throw new UsageFault('neither holds a mail address: the record cannot forget it');
      }
      await using stores = operator.stores(command);
      const { runner } = await openReadModels(operator.places(command), stores);
      const status = () => runner.status().find((one) => one.name === name);
      if (status() === undefined)
        throw new UsageFault(
          `there is no read model ${name}; there are ${runner
            .status()
            .map((one) => one.name)
            .join(', ')}`,
        );
      runner.start();
      const giveUpAt = performance.now() + STANDS_WITHIN_MS;
      while (status()?.stop === null && status()?.isCaughtUp === false && performance.now() < giveUpAt) await sleep(20);
      const stop = status()?.stop ?? null;
      await passOver(await stores.eventStore(), operator.terminal.clock, { name, stop }, { passedOverBy, reason });
      if (json) return operator.printJson({ name, passedOver: stop });
      await operator.print(
        `${name} passes over ${stop?.eventType ?? 'the record'} at position ${stop?.position ?? ''}`,
      );
    });
}
