import { Command } from 'commander';
import { recordKeyAct } from '#libs/compliance';
import { initKeyring } from '#libs/keyring';
import { mandateGiven, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import type { Operator } from '../operator.ts';
import { keyTable } from './keys-list.ts';

export function keysInitCommand(operator: Operator): Command {
  return withMandate(new Command('init'))
    .description('make a keyring: one key of each kind, each in an owner-only file of its own')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Run it as the user that Segl runs as. Then copy sealing-1.key and manifest-1.pub to where you would look for them
after a fire: with them any mail sealed today can be opened, without them none.

Examples:
  segl keys init --keyring /etc/segl/keyring
  segl keys init --keyring ./demo-keyring --demonstration`,
    )
    .action(async (options: MandateOptions, command: Command) => {
      const { json, demonstration } = command.optsWithGlobals<{ json?: boolean; demonstration?: boolean }>();
      const { keyring } = operator.places(command);
      const mandate = mandateGiven(options);
      await using stores = operator.stores(command);
      const now = operator.terminal.clock.now();
      const keys = await initKeyring(keyring, { demonstration: demonstration ?? false, now });
      // Mostly there is no record yet: then the first start finds them.
      const store = stores.has('eventStore') ? await stores.eventStore() : null;
      if (store !== null) {
        for (const { keyId } of keys)
          await recordKeyAct(store, { type: 'KeyMade', data: { ...mandate, keyId, madeAt: now } });
      }
      if (json) return operator.printJson({ keyring, keys });
      await operator.print(keyTable(keys));
      operator.terminal.say(
        `made ${keyring}; keep a copy of sealing-1.key and manifest-1.pub offline: nothing else opens what is sealed`,
      );
    });
}
