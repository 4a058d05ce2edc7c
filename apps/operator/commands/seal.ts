import { Command, Option } from 'commander';
import { sealForRecipients } from '#libs/gateway';
import { organisationProfile, prepareDataDirectory } from '#libs/installation';
import { organisationProfileFaults } from '#libs/mail';
import { MESSAGE_TERMS, SealMessage, SealMessageHandler } from '#libs/sealing';
import type { MessageTerm } from '#libs/sealing';
import { bytesOf } from '../handed-in.ts';
import { UsageFault } from '../exit-codes.ts';
import { addressOf } from '../operator.ts';
import type { Operator } from '../operator.ts';

interface SealOptions {
  readonly from: string;
  readonly to: string;
  readonly organisation?: string;
  readonly expiresDays?: string;
  readonly term?: readonly MessageTerm[];
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
    .addOption(
      new Option('--term <term>', 'what the portal holds to when it shows the mail; once for each')
        .choices(MESSAGE_TERMS)
        .argParser((term, before: readonly string[] | undefined) => [...(before ?? []), termGiven(term)]),
    )
    .addHelpText(
      'after',
      `
Terms: account (a code by mail is not enough), no-download (nor print), no-forward, no-reply,
shared-mailbox (each reader says who they are).
The seal is in the record before the last byte of the carrier is printed: a carrier that is whole can be opened, and
one that broke off cannot. Streams: memory does not grow with the mail. Sends nothing.

Examples:
  segl seal --from anna@example.com --to bo@example.org < mail.eml > carrier.eml
  segl seal --from anna@example.com --to bo@example.org --expires-days 30 mail.eml > carrier.eml
  segl seal --from anna@example.com --to bo@example.org --term account --term no-download < mail.eml > carrier.eml`,
    )
    .action(async (source: string, options: SealOptions, command: Command) => {
      const [sender, recipient] = [addressOf(options.from), addressOf(options.to)];
      const lifetimeDays = daysGiven(options.expiresDays);
      const settings = operator.settings(command);
      const organisation = {
        ...organisationProfile(settings.organisation),
        name: options.organisation ?? settings.organisation.name,
      };
      const faults = organisationProfileFaults(organisation);
      if (faults.length > 0) throw new UsageFault(faults.join('; '));
      prepareDataDirectory(settings.dataDir, settings);
      await using stores = operator.stores(command);
      const keyring = await stores.keyring(['sealing.pub', 'manifest', 'person-wrapping', 'person-index']);
      const [persons, eventStore] = [
        await stores.persons({ keyring, make: true }),
        await stores.eventStore({ make: true }),
      ];

      const lifetimeSeconds = (lifetimeDays ?? settings.sealing.lifetimeDays) * SECONDS_IN_DAY;
      const publicUrl = new URL(settings.publicUrl);
      const { maxMailBytes } = settings.sealing;
      const { seals, senderName } = await sealForRecipients({
        mail: bytesOf(source, operator.terminal),
        sender,
        recipients: [recipient],
        sealedAt: operator.terminal.clock.now(),
        keys: keyring,
        settings: { organisation, publicUrl, lifetimeSeconds, maxMailBytes },
        terms: { lifetimeSeconds: null, terms: options.term ?? [] },
        openSink: async () => operator.terminal,
      });
      for (const { seal, lastBytes } of seals) {
        await new SealMessageHandler(eventStore, persons).execute(new SealMessage(seal, { senderName }));
        await operator.terminal.write(lastBytes);
        const { expiresAt, terms = [] } = seal.manifest;
        operator.terminal.say(`sealed ${[seal.messageId, `until ${expiresAt}`, ...terms].join(', ')}`);
      }
    });
}

function termGiven(text: string): MessageTerm {
  const term = MESSAGE_TERMS.find((each) => each === text);
  if (term === undefined) throw new UsageFault(`--term is one of ${MESSAGE_TERMS.join(', ')}`);
  return term;
}

function daysGiven(text: string | undefined): number | null {
  if (text === undefined) return null;
  const days = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || days <= 0 || days > MAX_LIFETIME_DAYS) {
    throw new UsageFault(`--expires-days is a number above 0 and up to ${MAX_LIFETIME_DAYS}`);
  }
  return days;
}
