import { Argument, Command } from 'commander';
import { KEY_KINDS, rotateKey } from '#libs/keyring';
import type { KeyKind } from '#libs/keyring';
import type { Operator } from '../operator.ts';

export function keysRotateCommand(operator: Operator): Command {
  return new Command('rotate')
    .description('make the next version of a key, which running processes use within 5 s')
    .addArgument(new Argument('<kind>', 'which key').choices(KEY_KINDS))
    .option('--no-rewrap', 'of person-wrapping: leave persons as they are, for "segl keys rewrap" later')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Older versions go on opening, verifying and finding until they are destroyed. After rotating person-wrapping every
person's key is wrapped anew at once ("segl keys rewrap" does the same again). Where machines have copies of the
keyring of their own, that must wait until each has the new key: --no-rewrap, copy it, then "segl keys rewrap".

Examples:
  segl keys rotate sealing
  segl keys rotate person-wrapping --data-dir /var/lib/segl`,
    )
    .action(async (kind: KeyKind, { json, rewrap }: { json?: boolean; rewrap: boolean }, command: Command) => {
      const places = operator.places(command);
      const keyId = await rotateKey(places.keyring, kind, { now: operator.terminal.clock.now() });
      let rewrapped: number | null = null;
      await using stores = operator.stores(command);
      if (kind === 'person-wrapping' && rewrap && stores.has('personKeys'))
        rewrapped = await (await stores.persons()).rewrap();
      if (json) return operator.printJson({ keyId, rewrapped });
      await operator.print(keyId);
      if (rewrapped !== null) operator.terminal.say(`${rewrapped} persons' keys are wrapped under it now`);
    });
}
