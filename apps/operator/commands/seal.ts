import { Command } from 'commander';
import { CarrierWriter, MailHeaderCollector } from '#libs/mail';
import { MailSealer, SealMessage, SealMessageHandler } from '#libs/sealing';
import { plusSeconds } from '#libs/vocabulary';
import { translate } from '#libs/web-ui';
import { prepareDataDirectory } from '../../appliance/data-directory.ts';
import { bytesOf } from '../handed-in.ts';
import { UsageFault } from '../exit-codes.ts';
import { addressOf, type Operator } from '../operator.ts';

interface SealOptions {
  readonly from: string;
  readonly to: string;
  readonly organisation?: string;
  readonly expiresDays?: string;
}

const SECONDS_IN_DAY = 86_400;
const MAX_LIFETIME_DAYS = 3650;

export function sealCommand(operator: Operator): Command {
  return new Command('seal')
    .description('seal one mail for one recipient, and print the mail that carries it')
    .argument('[mail]', 'the mail (RFC 5322), taken byte for byte as it is; - for stdin', '-')
    .requiredOption('--from <address>', 'the sender, as the envelope has it')
    .requiredOption('--to <address>', 'the one recipient, as the envelope has it; run it once for each')
    .option('--organisation <name>', 'who seals; default: from the configuration')
    .option('--expires-days <days>', 'days until it expires; default: from the configuration')
    .addHelpText(
      'after',
      `
The seal is in the record before the last byte of the carrier is printed: a carrier that is whole can be opened, and
one that broke off cannot. Streams: memory does not grow with the mail. Sends nothing.

Examples:
  segl seal --from anna@example.com --to bo@example.org < mail.eml > carrier.eml
  segl seal --from anna@example.com --to bo@example.org --expires-days 30 mail.eml > carrier.eml`,
    )
    .action(async (source: string, options: SealOptions, command: Command) => {
      const [sender, recipient] = [addressOf(options.from), addressOf(options.to)];
      const lifetimeDays = daysGiven(options.expiresDays);
      const settings = operator.settings(command);
      const organisation = { ...settings.organisation, name: options.organisation ?? settings.organisation.name };
      prepareDataDirectory(settings.dataDir, settings);
      await using stores = operator.stores(command);
      const keyring = await stores.keyring(['sealing.pub', 'manifest', 'person-wrapping', 'person-index']);
      const [persons, eventStore] = [
        await stores.persons({ keyring, make: true }),
        await stores.eventStore({ make: true }),
      ];

      const mail = bytesOf(source, operator.terminal)[Symbol.asyncIterator]();
      const { mailHeader, taken } = await readHeader(mail);
      const sealedAt = operator.terminal.clock.now();
      const expiresAt = plusSeconds(sealedAt, (lifetimeDays ?? settings.sealing.lifetimeDays) * SECONDS_IN_DAY);
      const sealer = new MailSealer({
        recipient: keyring.sealingRecipient(),
        signer: keyring.manifestSigner(),
        facts: { organisation: organisation.name, sender, recipient, sealedAt, expiresAt },
        maxMailBytes: settings.sealing.maxMailBytes,
      });
      const carrier = new CarrierWriter({
        mailHeader,
        messageId: sealer.messageId,
        sender,
        sealedAt,
        expiresAt,
        publicUrl: new URL(settings.publicUrl),
        organisation,
        translate,
      });

      const { terminal } = operator;
      await terminal.write(carrier.begin());
      await terminal.write(carrier.update(sealer.begin()));
      for (const piece of taken) await terminal.write(carrier.update(sealer.update(piece)));
      for await (const piece of { [Symbol.asyncIterator]: () => mail }) {
        await terminal.write(carrier.update(sealer.update(piece)));
      }
      await terminal.write(carrier.update(sealer.finish()));
      await new SealMessageHandler(eventStore, persons).execute(new SealMessage(sealer));
      await terminal.write(carrier.finish());
      terminal.say(`sealed ${sealer.messageId}, until ${expiresAt}`);
    });
}

/** The pieces up to the end of the header, kept to be sealed. */
async function readHeader(mail: AsyncIterator<Uint8Array>): Promise<{ mailHeader: Buffer; taken: Uint8Array[] }> {
  const collector = new MailHeaderCollector();
  const taken: Uint8Array[] = [];
  for (;;) {
    const { value, done } = await mail.next();
    if (done) break;
    taken.push(value);
    if (collector.push(value)) break;
  }
  return { mailHeader: collector.header(), taken };
}

function daysGiven(text: string | undefined): number | null {
  if (text === undefined) return null;
  const days = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || days <= 0 || days > MAX_LIFETIME_DAYS) {
    throw new UsageFault(`--expires-days is a number above 0 and up to ${MAX_LIFETIME_DAYS}`);
  }
  return days;
}
