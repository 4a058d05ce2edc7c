import { Command } from 'commander';
import { dkimSelectorOf } from '#libs/installation';
import { Keyring } from '#libs/keyring';
import { asZoneText, dkimRecord } from '#libs/mail';
import { Misconfigured } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';

export function dkimCommand(operator: Operator): Command {
  return new Command('dkim').description('what signs our mail for its domain').addCommand(recordCommand(operator));
}

function recordCommand(operator: Operator): Command {
  return new Command('record')
    .description('print the DNS records of the DKIM keys in the keyring, for each domain of dkim.domains')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Each key has a selector of its own. Publish the records of a newer version, wait until resolvers know them, then raise
dkim.keyVersion; leave the older ones standing for some days more, for what is still on its way.

Examples:
  segl keys rotate dkim-rsa && segl keys rotate dkim-eddsa
  segl dkim record`,
    )
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const { dkim, keyring: directory, demonstration } = operator.settings(command);
      if (dkim.domains.length === 0) throw new Misconfigured('dkim.domains names no domain: nothing is signed');
      const kindsIfThere = ['dkim-rsa', 'dkim-eddsa'] as const;
      const keyring = await Keyring.open(directory, { demonstration, kinds: [], kindsIfThere });
      const pairs = keyring.dkimKeys();
      keyring.close();
      if (pairs.length === 0)
        throw new Misconfigured('the keyring has no DKIM key: "segl keys rotate dkim-rsa" makes one');
      const records = dkim.domains.flatMap((domain) =>
        pairs.map((pair) => ({
          name: `${dkimSelectorOf(pair, dkim)}._domainkey.${domain}`,
          signs: pair.version === dkim.keyVersion,
          record: dkimRecord(pair.publicKey),
        })),
      );
      if (json) return operator.printJson(records);
      const lines = records.map(
        ({ name, signs, record }) =>
          `; ${signs ? 'signs now' : 'does not sign: dkim.keyVersion is another'}\n${name}. IN TXT ${asZoneText(record)}\n`,
      );
      await operator.print(lines.join('\n'));
    });
}
