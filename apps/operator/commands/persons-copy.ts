import { Command } from 'commander';
import { openPersonDirectory } from '#libs/installation';
import type { PersonDirectory, PersonRows } from '#libs/keyring';
import { UsageFault } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';
import { checkPlaces, placeFor, progressTo } from './copy-places.ts';
import type { CopyOptions } from './copy-places.ts';
import { copyPersons } from './persons-copying.ts';

export function personsCommand(operator: Operator): Command {
  return new Command('persons').description('the person directory').addCommand(copyCommand(operator));
}

interface PersonsCopyOptions extends CopyOptions {
  readonly passwordFile?: string;
  readonly caFile?: string;
}

function copyCommand(operator: Operator): Command {
  return new Command('copy')
    .description('copy every person into another directory, under the same keyring')
    .requiredOption('--from <url>', 'sqlite:<path> or postgres://<user>@<host>/<database>')
    .requiredOption('--to <url>', 'the same; empty, or left behind by this command')
    .option('--password-file <path>', 'the password for a server, in a file (stores.personKeysPasswordFile)')
    .option('--ca-file <path>', 'the certificate authority of a server, PEM (stores.personKeysCaFile)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Stop everything that writes to either directory first (ops/runbooks/moving-in.md). Wrapped keys and index entries stay as they
are, so both sides need the same keyring (--keyring). May be killed at any moment: the same command goes on. At the
end both sides are read anew, and counts and one SHA-256 over all rows are printed once.
After a move, remove the old directory as soon as nobody needs it: people who are erased later live on in it.

Exit codes: 0 copied and verified; 1 the target holds others, or the two sides differ; 64 a URL is wrong;
69 a directory does not answer (run the same again); 75 the source is being written to (stop that, run it again);
78 the keyring is wrong.

Examples:
  segl persons copy --from sqlite:/var/lib/segl/persons.sqlite --to postgres://segl@persons.internal/segl \\
      --password-file /etc/segl/secrets/person-keys --ca-file /etc/segl/persons-ca.pem
  segl persons copy --from postgres://segl@persons.internal/segl --to sqlite:/srv/segl/persons.sqlite --json`,
    )
    .action(async (options: PersonsCopyOptions, command: Command) => {
      checkPlaces('personKeys', options);
      await using stores = operator.stores(command);
      const keyring = await stores.keyring(['person-wrapping', 'person-index']);
      const { stores: files } = operator.places(command);
      const open = async (url: string): Promise<PersonDirectory & PersonRows> => {
        const { passwordFile, caFile } = options;
        const place = placeFor(url, files, { personKeysPasswordFile: passwordFile, personKeysCaFile: caFile });
        const directory = requireRows(await openPersonDirectory(place, keyring));
        stores.onEnd(() => directory.close());
        return directory;
      };
      const [from, to] = [await open(options.from), await open(options.to)];
      const done = await copyPersons(from, to, progressTo(operator.terminal, 'persons'));
      if (options.json) return operator.printJson({ from: options.from, to: options.to, ...done });
      const rate = done.personsPerSecond === null ? '' : `, ${done.personsPerSecond} persons/s`;
      await operator.print(
        `${done.persons} persons with ${done.indexEntries} index entries on both sides (${done.copied} copied now${rate})\nSHA-256 of all rows ${done.digest} on both sides`,
      );
    });
}

function requireRows(directory: PersonDirectory & Partial<PersonRows>): PersonDirectory & PersonRows {
  if (directory.readRows === undefined) throw new UsageFault('this kind of person directory cannot be copied');
  return directory as PersonDirectory & PersonRows;
}
