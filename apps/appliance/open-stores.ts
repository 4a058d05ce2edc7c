import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { auditTrail } from '#libs/audit';
import { MemoryEphemeralStore } from '#libs/ephemeral-store';
import { ProjectionRunner, ReadModels, SqliteEventStore } from '#libs/event-store';
import { initKeyring, Keyring, KeyringFault, SqlitePersonDirectory } from '#libs/keyring';
import { MailReader, type MailRelay, Outbox, settlementBy, SmtpRelay } from '#libs/mail';
import { Metrics, Telemetry, telemetryTallies, TimedEventStore } from '#libs/telemetry';
import { SystemClock } from '#libs/vocabulary';
import { ConfigurationFault, type Settings, sqlitePath } from './config.ts';
import { prepareDataDirectory } from './data-directory.ts';
import { DemoMailbox } from './demo/demo-mailbox.ts';
import type { OpenedStores } from './stores.module.ts';

/** Closes what was opened, the last first, each even when another fails. */
export class Closing {
  private readonly steps: (() => unknown)[] = [];

  add<Thing>(thing: Thing, close: (thing: Thing) => unknown): Thing {
    this.steps.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    const faults: unknown[] = [];
    for (const step of this.steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'not everything closed cleanly');
  }
}

/**
 * Opens everything that stands behind a port, and chooses the adapter by the configuration. When one part cannot be opened,
 * what was opened before it is closed again: nothing is left half started.
 *
 * @throws ConfigurationFault, KeyringFault, and what the stores throw that cannot be opened
 */
export async function openStores(settings: Settings, log: Logger): Promise<{ stores: OpenedStores; closing: Closing }> {
  const closing = new Closing();
  try {
    return { stores: await open(settings, log, closing), closing };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

async function open(settings: Settings, log: Logger, closing: Closing): Promise<OpenedStores> {
  const clock = new SystemClock();
  const keyring = closing.add(await openKeyringAndDataDirectory(settings, log), (opened) => opened.close());

  const eventsPath = preparedPath(settings.eventStore);
  const events = closing.add(await SqliteEventStore.open(eventsPath, { clock }), (store) => store.close());
  const personsPath = preparedPath(settings.personKeys);
  const persons = closing.add(await SqlitePersonDirectory.open(personsPath, keyring), (opened) => opened.close());
  const ephemeralStore = closing.add(
    new MemoryEphemeralStore({ maxBytes: settings.portal.ephemeralMaxBytes }),
    (store) => store.close(),
  );

  const readModels = closing.add(ReadModels.open(join(settings.dataDir, 'read-models.sqlite')), (opened) =>
    opened.close(),
  );
  const projections = new ProjectionRunner(events, readModels, [auditTrail, telemetryTallies], { clock });
  projections.start();
  closing.add(projections, (runner) => runner.stop());

  const metrics: Metrics = new Metrics({
    waiting: () => ephemeralStore.usage(),
    projections: () => projections.status(),
    outbox: () => outbox.counts(), // asked at a scrape, long after it was opened below
  });
  const eventStore = new TimedEventStore(events, metrics);
  const telemetry = new Telemetry(eventStore, clock, {
    flushEverySeconds: settings.telemetry.flushSeconds,
    onFailure: (error) => log.warn({ error: String(error) }, 'tallies could not be written; they wait'),
  });
  telemetry.start();
  closing.add(telemetry, (opened) => opened.stop());

  const relay: MailRelay = closing.add(
    settings.demonstration
      ? new DemoMailbox({ clock })
      : new SmtpRelay(settings.relayUrl ?? '', { clock, heloName: new URL(settings.publicUrl).hostname }),
    (opened) => opened.close(),
  );
  const outbox: Outbox = closing.add(
    await Outbox.open({
      directory: join(settings.dataDir, 'outbox'),
      relay,
      clock,
      settle: settlementBy(eventStore, clock),
      onOutcome: (outcome) => {
        metrics.countDelivery(outcome.outcome);
        log.info(outcome, 'a carrier was tried at the relay');
      },
      onFault: (error) => log.error({ error: error.message }, 'the outbox has a fault'),
    }),
    (opened) => opened.close(),
  );
  outbox.start();
  const reader = closing.add(new MailReader(), (opened) => opened.close());
  reader.warmUp(); // the first reader waits for no thread to start
  return {
    clock,
    keyring,
    eventStore,
    ephemeralStore,
    persons,
    relay,
    outbox,
    reader,
    readModels,
    projections,
    telemetry,
    metrics,
  };
}

/** What is wrong with the two is told together: an operator mends both in one go. */
async function openKeyringAndDataDirectory(settings: Settings, log: Logger): Promise<Keyring> {
  const faults: string[] = [];
  try {
    prepareDataDirectory(settings.dataDir, settings);
  } catch (error) {
    if (!(error instanceof ConfigurationFault)) throw error;
    faults.push(...error.faults);
    if (settings.demonstration) throw error; // its keyring would be made inside that very directory
  }
  try {
    const keyring = await openKeyring(settings, log);
    if (faults.length === 0) return keyring;
    keyring.close();
  } catch (error) {
    if (!(error instanceof KeyringFault)) throw error;
    faults.push(...error.faults);
  }
  throw new ConfigurationFault(faults);
}

async function openKeyring({ keyring: directory, demonstration }: Settings, log: Logger): Promise<Keyring> {
  // Only a demonstration makes its own keys: in production that is a decision somebody takes, with a backup.
  if (demonstration) await initDemonstrationKeyring(directory);
  return Keyring.open(directory, {
    demonstration,
    onFault: (faults) => log.error({ faults }, 'the keyring has faults; the keys read before stay in use'),
  });
}

async function initDemonstrationKeyring(directory: string): Promise<void> {
  try {
    await initKeyring(directory, { demonstration: true, now: new SystemClock().now() });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'keyring-exists') throw error;
  }
}

/** The directory of a SQLite file is made when it is missing; the file is made by whoever opens it. */
function preparedPath(url: string): string {
  const path = sqlitePath(url);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigurationFault([`${url}: its directory cannot be made: ${(error as Error).message}`]);
  }
  return path;
}
