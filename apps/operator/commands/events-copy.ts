import { Command } from 'commander';
import type { EventStore, RecordedEventImport } from '#libs/event-store';
import { openEventStore } from '#libs/installation';
import type { StoreFiles } from '#libs/installation';
import { SystemClock } from '#libs/vocabulary';
import { UsageFault } from '../exit-codes.ts';
import type { Operator } from '../operator.ts';
import { checkPlaces, placeFor, progressTo } from './copy-places.ts';
import type { CopyOptions } from './copy-places.ts';
import { copyEvents } from './events-copying.ts';

export function eventsCommand(operator: Operator): Command {
  return new Command('events').description('the record itself').addCommand(copyCommand(operator));
}

interface EventsCopyOptions extends CopyOptions {
  readonly credentialsFile?: string;
  readonly caFile?: string;
}

function copyCommand(operator: Operator): Command {
  return new Command('copy')
    .description('copy every event into another store, bytes unchanged, and prove it')
    .requiredOption('--from <url>', 'sqlite:<path>, esdb://… or esdb+discover://…')
    .requiredOption('--to <url>', 'the same; empty, or left behind by this command')
    .option('--credentials-file <path>', 'user:password for a server, in a file (stores.eventStoreCredentialsFile)')
    .option('--ca-file <path>', 'the certificate authority of a server, PEM (stores.eventStoreCaFile)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `
Stop everything that writes to either store first (ops/runbooks/moving-in.md). May be killed at any moment: the same
command goes on where it was, nothing doubled. Streams, revisions, order and stored bytes stay as they are. At the end
both sides are read anew, and their number of events and RFC 6962 root are printed once.
Positions are a store's own: after a move, remove read-models.sqlite and let the read models fill anew.

Exit codes: 0 copied and verified; 1 the target holds other events, or the two sides differ; 64 a URL is wrong;
69 a store does not answer (run the same again); 75 the source is being written to (stop that, run the same again).

Examples:
  segl events copy --from sqlite:/var/lib/segl/events.sqlite --to esdb+discover://events.internal:2113 \\
      --credentials-file /etc/segl/secrets/event-store --ca-file /etc/segl/events-ca.pem
  segl events copy --from esdb://127.0.0.1:2113?tls=false --to sqlite:/srv/segl/events.sqlite --json`,
    )
    .action(async (options: EventsCopyOptions, command: Command) => {
      checkPlaces('eventStore', options);
      const { stores: files } = operator.places(command);
      const from = await openStore(options.from, files, options);
      try {
        const to = await openStore(options.to, files, options);
        try {
          await copy(operator, from, to, options);
        } finally {
          await to.close();
        }
      } finally {
        await from.close();
      }
    });
}

async function copy(
  operator: Operator,
  from: EventStore,
  to: EventStore & RecordedEventImport,
  options: EventsCopyOptions,
): Promise<void> {
  const done = await copyEvents(from, to, progressTo(operator.terminal, 'events'));
  const root = done.root.toString('hex');
  if (done.grew > 0) {
    operator.terminal.say(
      `${done.grew} events were written to the source meanwhile, and were copied too: stop what writes to it before you move`,
    );
  }
  if (options.json) {
    const { events, copied, grew, eventsPerSecond } = done;
    return operator.printJson({ from: options.from, to: options.to, events, copied, grew, root, eventsPerSecond });
  }
  const rate = done.eventsPerSecond === null ? '' : `, ${done.eventsPerSecond} events/s`;
  await operator.print(
    `${done.events} events on both sides (${done.copied} copied now${rate})\nRFC 6962 root ${root} on both sides`,
  );
}

/** A file is made where there is none: for a source that was ruled out before. @throws EventStoreUnavailable, ConfigurationFault */
async function openStore(
  url: string,
  configured: StoreFiles,
  { credentialsFile, caFile }: EventsCopyOptions,
): Promise<EventStore & RecordedEventImport> {
  const files = { eventStoreCredentialsFile: credentialsFile, eventStoreCaFile: caFile };
  const store: EventStore & Partial<RecordedEventImport> = await openEventStore(
    placeFor(url, configured, files),
    new SystemClock(),
  );
  if (store.importRecorded === undefined) throw new UsageFault('this kind of event store cannot be copied');
  return store as EventStore & RecordedEventImport;
}
