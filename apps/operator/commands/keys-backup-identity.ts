import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { newBackupIdentity } from '#libs/keyring';
import { Refused } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';

export function keysBackupIdentityCommand(operator: Operator): Command {
  return new Command('backup-identity')
    .description('make the key that opens backups: its private half into a file, its public half on stdout')
    .argument('<file>', 'a new file, for its owner alone')
    .addHelpText(
      'after',
      `
Nothing else opens a backup: keep the file offline, in two places, and not in what is backed up. It is a file of age
(hybrid, post-quantum), as "age-keygen -pq" of age 1.3 or newer makes it too.

Example:
  segl keys backup-identity /media/safe/segl-backup.key > /etc/segl/backup-recipients`,
    )
    .action(async (path: string) => {
      const { file, recipient } = newBackupIdentity(operator.terminal.clock.now());
      try {
        await writeFile(path, file, { flag: 'wx', mode: 0o600, flush: true });
      } catch (cause) {
        throw new Refused(`${path} cannot be made: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`);
      }
      await operator.print(recipient);
    });
}
