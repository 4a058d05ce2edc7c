import { Command } from 'commander';
import { listKeys } from '#libs/keyring';
import type { KeyListing } from '#libs/keyring';
import { table } from '../operator.ts';
import type { Operator } from '../operator.ts';

export function keysListCommand(operator: Operator): Command {
  return new Command('list')
    .description('list every key, destroyed ones included; never shows key material')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  segl keys list\n  segl keys list --json --keyring ./keyring')
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { keyring } = operator.places(command);
      const keys = await listKeys(keyring);
      if (json) return operator.printJson({ keyring, keys });
      await operator.print(keyTable(keys));
    });
}

export function keyTable(keys: readonly KeyListing[]): string {
  const lines = keys.map(({ keyId, kind, status, createdAt, destroyedAt }) => [
    keyId,
    kind,
    status,
    createdAt ?? '',
    destroyedAt ?? '',
  ]);
  return table(['key', 'kind', 'status', 'made', 'destroyed'], lines);
}
