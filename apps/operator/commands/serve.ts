import { join } from 'node:path';
import { Command } from 'commander';
import { Misconfigured } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';

/** Beside this app, in the build and in the sources. */
const APPLIANCE = join(
  import.meta.dirname,
  '..',
  '..',
  'appliance',
  import.meta.filename.endsWith('.ts') ? 'main.ts' : 'main.js',
);

export function serveCommand(operator: Operator): Command {
  return new Command('serve')
    .description('run the appliance, in the foreground, until SIGINT or SIGTERM')
    .addHelpText(
      'after',
      `
Becomes the appliance itself: same process, same exit codes, on the Node that runs this command line. Settings come from
SEGL_CONFIG and SEGL_… variables (ops/configuration.md), and from them alone.

Example:
  SEGL_CONFIG=/etc/segl/segl.yaml npx segl serve`,
    )
    .action(() => {
      if (process.execve === undefined) throw new Misconfigured(`this system cannot do that: run "node ${APPLIANCE}"`);
      operator.terminal.say(`segl: starting on Node ${process.versions.node}`);
      process.execve(
        process.execPath,
        [process.execPath, '--disable-sigusr1', '--enable-source-maps', APPLIANCE],
        process.env,
      );
    });
}
