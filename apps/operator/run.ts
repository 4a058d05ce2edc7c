import { Command, CommanderError } from 'commander';
import { EXIT, exitCodeOf, EXIT_TABLE, sentenceOf } from './exit-codes.ts';
import { Operator } from './operator.ts';
import { withValuesRead } from './values-read.ts';
import { OutputClosed } from './terminal.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';
import { auditCommand } from './commands/audit-query.ts';
import { backupCommand } from './commands/backup.ts';
import { canaryCommand } from './commands/canary.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eraseCommand } from './commands/erase.ts';
import { eventsCommand } from './commands/events-copy.ts';
import { holdCommand } from './commands/hold.ts';
import { inspectCommand } from './commands/inspect.ts';
import { keysCommand } from './commands/keys.ts';
import { openCommand } from './commands/open.ts';
import { personsCommand } from './commands/persons-copy.ts';
import { dkimCommand } from './commands/dkim.ts';
import { policyCommand } from './commands/policy.ts';
import { projectionsCommand } from './commands/projections-rebuild.ts';
import { retentionCommand } from './commands/retention.ts';
import { restoreCommand } from './commands/restore.ts';
import { revokeCommand } from './commands/revoke.ts';
import { sealCommand } from './commands/seal.ts';
import { sessionsCommand } from './commands/sessions.ts';
import { telemetryCommand } from './commands/telemetry.ts';
import { serveCommand } from './commands/serve.ts';
import { tokenCommand } from './commands/token.ts';

const COMMANDS = [
  serveCommand,
  sealCommand,
  inspectCommand,
  openCommand,
  keysCommand,
  revokeCommand,
  auditCommand,
  eraseCommand,
  retentionCommand,
  holdCommand,
  sessionsCommand,
  policyCommand,
  dkimCommand,
  telemetryCommand,
  tokenCommand,
  projectionsCommand,
  eventsCommand,
  personsCommand,
  backupCommand,
  restoreCommand,
  doctorCommand,
  canaryCommand,
];

/**
 * Runs one command line, `segl` itself left out, and answers its exit code. Everything that goes wrong is one line on stderr
 * (one for each fault of a configuration); never a stack.
 */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const program = programOf(new Operator(terminal));
  const pending: Promise<void>[] = [];
  configureOutput(program, terminal, pending);
  try {
    await program.parseAsync(await withValuesRead(argv, terminal), { from: 'user' });
    await Promise.all(pending);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage; // commander has said it
    if (error instanceof OutputClosed) return EXIT.refused;
    terminal.say(`segl: ${sentenceOf(error)}`);
    return exitCodeOf(error);
  }
}

function programOf(operator: Operator): Command {
  const program = new Command('segl')
    .description('Seals, opens, revokes and accounts for sealed mail.')
    .version(VERSION, '--version', 'print the version')
    .option('--keyring <directory>', 'where the keys are (SEGL_KEYRING)')
    .option('--data-dir <directory>', 'where the embedded stores are (SEGL_DATA_DIR)')
    .option('--event-store <url>', 'sqlite:<path> or esdb://<host> (SEGL_EVENT_STORE)')
    .option('--person-keys <url>', 'sqlite:<path> or postgres://<user>@<host>/<database> (SEGL_PERSON_KEYS)')
    .option('--demonstration', 'use the keyring and the data of the demonstration')
    .addHelpText(
      'after',
      `\nOptions win over SEGL_… variables, and these over the file named by SEGL_CONFIG.\n@file in place of any value, or --option=@file: the first line of that file, @- of stdin; so that it stands in no history and no list of processes.\n\n${EXIT_TABLE}`,
    );
  for (const commandOf of COMMANDS) program.addCommand(commandOf(operator));
  return program;
}

/** Commander's own words go where ours go, and it never ends the process. */
function configureOutput(command: Command, terminal: Terminal, pending: Promise<void>[]): void {
  command
    .exitOverride()
    .showHelpAfterError('(see --help)')
    .configureOutput({
      writeOut: (text) => void pending.push(terminal.write(text).catch(() => undefined)),
      writeErr: (text) => terminal.say(text.replace(/^error: /, 'segl: ').trimEnd()),
    });
  for (const sub of command.commands) configureOutput(sub, terminal, pending);
}
