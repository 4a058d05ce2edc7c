import { Argument, Command } from 'commander';
import { KEY_KINDS, listKeys, rotateKey } from '#libs/keyring';
import type { KeyKind } from '#libs/keyring';
import { mandateGiven, withMandate } from '../mandate.ts';
import type { MandateOptions } from '../mandate.ts';
import type { Operator } from '../operator.ts';
import { recordedKeyAct } from '../record-key.ts';

interface RotateOptions extends MandateOptions {
  readonly json?: boolean;
  readonly rewrap: boolean;
}

export function keysRotateCommand(operator: Operator): Command {
  return withMandate(new Command('rotate'))
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
    .action(async (kind: KeyKind, options: RotateOptions, command: Command) => {
      const { json, rewrap } = options;
      const mandate = mandateGiven(options);
      const places = operator.places(command);
      await using stores = operator.stores(command);
      const keyId = await recordedKeyAct(operator, stores, async () => {
        const now = operator.terminal.clock.now();
        const replaces = await currentKey(places.keyring, kind);
        const done = await rotateKey(places.keyring, kind, { now });
        const isFirst = replaces === null;
        return {
          done,
          events: [
            isFirst
              ? { type: 'KeyMade', data: { ...mandate, keyId: done, madeAt: now } }
              : { type: 'KeyRotated', data: { ...mandate, keyId: done, replaces, rotatedAt: now } },
          ],
        };
      });
      let rewrapped: number | null = null;
      if (kind === 'person-wrapping' && rewrap && stores.has('personKeys'))
        rewrapped = await (await stores.persons()).rewrap();
      if (json) return operator.printJson({ keyId, rewrapped });
      await operator.print(keyId);
      if (rewrapped !== null) operator.terminal.say(`${rewrapped} persons' keys are wrapped under it now`);
    });
}

/** Null where there is none of that kind yet, as in a keyring from before there was the kind. */
async function currentKey(keyring: string, kind: KeyKind): Promise<string | null> {
  const keys = await listKeys(keyring);
  return keys.find((key) => key.kind === kind && key.status === 'current')?.keyId ?? null;
}
