import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { BackupsMade, recordKeysFound, replayErasures } from '#libs/compliance';
import type { EphemeralStore } from '#libs/ephemeral-store';
import { ProjectionRunner, ReadModels } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { deliveryRecorder, PolicyFaulty, PolicyInForce, settlementBy } from '#libs/gateway';
import type { Keyring } from '#libs/keyring';
import { DkimRelay, MailReader, Outbox, SmtpRelay } from '#libs/mail';
import type { MailRelay } from '#libs/mail';
import { GatewayEpochs, PortalEpochs } from '#libs/sealing';
import type { EpochNotice } from '#libs/sealing';
import { Metrics, Telemetry, TimedEventStore } from '#libs/telemetry';
import { SystemClock } from '#libs/vocabulary';
import type { Clock } from '#libs/vocabulary';
import type { Webhooks } from '#libs/webhooks';
import { Closing } from './closing.ts';
import { ConfigurationFault } from '../settings/configuration-fault.ts';
import type { Settings } from '../settings/settings.ts';
import { dkimKeysOf } from './dkim-keys.ts';
import { listensForMail } from '../settings/smtp-settings.ts';
import { openEphemeralStore, openEventStore, openPersonDirectory } from './open-adapters.ts';
import type { StorePlace } from './open-adapters.ts';
import { logNotice } from './store-notices.ts';
import { openWebhooks } from './open-webhooks.ts';
import { openKeyringAndDataDirectory } from './open-keyring.ts';
import { hasRole, isShared, partsOf } from '../roles.ts';
import { DATA_FILES } from './data-files.ts';
import { PROJECTIONS } from './projections.ts';
import { newestPersonsMissing } from '../checks/compare-persons.ts';
import { backupDueIn } from '../checks/newest-backup.ts';
import { openLedger } from './open-ledger.ts';
import { openRetention, retentionFigures } from './open-retention.ts';
import type { OpenedStores } from './opened-stores.ts';
import { AuditTrailThread } from '#libs/audit';
import type { LedgerKeeper, RetentionKeeper } from '#libs/audit';
import { canaryFigures, openCanary } from '../canary/canary-in-stores.ts';
import { KeepingRelay } from '../canary/keeping-relay.ts';
import type { CanaryMailbox } from '../canary/canary-mailbox.ts';

/**
 * Opens everything that stands behind a port and that a role of this process needs (roles.ts), and chooses the adapter by the
 * configuration. When one part cannot be opened, what was opened before it is closed again: nothing is left half started.
 *
 * @param demonstrationRelay what stands in for the next hop in a demonstration, which sends nothing
 * @throws ConfigurationFault, KeyringFault, and what the stores throw that cannot be opened
 */
export async function openStores(
  settings: Settings,
  log: Logger,
  demonstrationRelay: (clock: Clock) => MailRelay,
): Promise<{ stores: OpenedStores; closing: Closing }> {
  const closing = new Closing();
  try {
    return { stores: await open(settings, log, closing, demonstrationRelay), closing };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

async function open(
  settings: Settings,
  log: Logger,
  closing: Closing,
  demonstrationRelay: (clock: Clock) => MailRelay,
): Promise<OpenedStores> {
  const clock = new SystemClock();
  const parts = partsOf(settings);
  const keyring = closing.add(await openKeyringAndDataDirectory(settings, log), (opened) => opened.close());
  const placeOf = (url: string, store: string): StorePlace => ({
    url,
    files: settings.stores,
    onNotice: (notice) => logNotice(log, store, notice),
  });

  const events = closing.add(await openEventStore(placeOf(settings.eventStore, 'event store'), clock), (store) =>
    store.close(),
  );
  const persons = parts.has('personDirectory')
    ? closing.add(await openPersonDirectory(placeOf(settings.personKeys, 'person directory'), keyring), (opened) =>
        opened.close(),
      )
    : null;
  // Before anybody is served: a directory restored from a backup brings the erased back.
  const erasedAgain = persons === null ? [] : await replayErasures(events, persons);
  if (erasedAgain.length > 0)
    log.warn({ persons: erasedAgain }, 'erased persons were in the person directory, as after a restore; erased again');
  if (!settings.demonstration && (await isEmpty(events)))
    log.warn(
      { eventStore: settings.eventStore },
      'a new record begins here; where there was one before, SEGL_DATA_DIR or SEGL_EVENT_STORE leads elsewhere now',
    );
  const found = await recordKeysFound(events, keyring.list(), clock.now());
  if (found.length > 0) log.info({ keys: found }, 'the record did not know of these keys yet, and does now');
  const { ephemeralMaxBytes: maxBytes } = settings.portal;
  const ephemeralStore = parts.has('ephemeralStore')
    ? closing.add(
        await openEphemeralStore(placeOf(settings.ephemeralStore, 'ephemeral store'), {
          maxBytes,
          keyring,
          vouchedFor: settings.stores.ephemeralVouchedFor ?? [],
        }),
        (store) => store.close(),
      )
    : null;

  const { readModels, projections } = parts.has('readModels')
    ? openReadModels(settings, events, clock, closing)
    : { readModels: null, projections: null };
  const policy = listensForMail(settings) ? openPolicy(settings, clock) : null;
  // Asked at a scrape, long after it was opened below.
  let ledger: LedgerKeeper | null = null;
  let retention: RetentionKeeper | null = null;
  const metrics: Metrics = new Metrics({
    ...(ephemeralStore !== null && { waiting: () => usageOf(ephemeralStore, maxBytes) }),
    ...(projections !== null && { projections: () => projections.status() }),
    ...(copiesCheckpoints(settings) && { checkpointsNotCopied: () => ledger?.copyFaults.length ?? 0 }),
    ...(asksWitnesses(settings) && { witnessesFailing: () => ledger?.witnessFaults.length ?? 0 }),
    foreignEvents: () => events.foreignEvents(),
    ...(parts.has('readModels') && backupFigures(settings, events)),
    ...(parts.has('readModels') && retentionFigures(settings, events, () => retention)),
    ...(policy !== null && { policyFaults: () => policy.faults.length }),
    ...canaryFigures(settings, ephemeralStore),
    // Asked at a scrape, long after it was opened below.
    ...(parts.has('outbox') && {
      outbox: async () => (await outbox?.counts()) ?? {},
      outboxOldestSeconds: async () => (await outbox?.oldestSeconds()) ?? 0,
    }),
    ...(settings.signIn.clients.some(({ webhook }) => webhook !== undefined) && {
      webhooks: () => webhooks?.counts() ?? { waiting: 0, oldestSeconds: 0 },
    }),
  });
  const eventStore = new TimedEventStore(events, metrics);
  if (persons !== null && readModels !== null && projections !== null) {
    void projections
      .caughtUp()
      .then(() => newestPersonsMissing(events, persons, readModels.db))
      .then((missing) => {
        if (missing.length > 0) log.warn({ persons: missing }, 'the record names persons that the directory lacks');
      })
      .catch((error: unknown) => log.debug({ error: String(error) }, 'record and persons were not compared'));
  }
  const canary = await openCanary(settings, { eventStore, persons, ephemeralStore, clock });
  const relay = parts.has('relay')
    ? closing.add<MailRelay>(
        settings.demonstration
          ? demonstrationRelay(clock)
          : smtpRelay(settings, keyring, clock, log, canary?.mailbox ?? null),
        (opened) => opened.close(),
      )
    : null;
  ledger =
    readModels !== null && projections !== null
      ? await openLedger(settings, { eventStore, readModels, projections, keyring, clock, log, relay }, closing)
      : null;
  const trail =
    readModels !== null
      ? closing.add(new AuditTrailThread(join(settings.dataDir, DATA_FILES.readModels)), (opened) => opened.close())
      : null;
  retention =
    readModels !== null && projections !== null && trail !== null
      ? openRetention(settings, { events, readModels, projections, trail, clock, log }, closing)
      : null;
  const telemetry = parts.has('telemetry') ? openTelemetry(settings, eventStore, clock, log, closing) : null;

  const outbox: Outbox | null =
    parts.has('outbox') && relay !== null
      ? await openOutbox(settings, { relay, eventStore, clock, metrics, log }, closing)
      : null;
  const webhooks: Webhooks | null = await openWebhooks(settings, { eventStore, clock, metrics, log }, closing);
  const epochs = await openEpochs(settings, { keyring, ephemeralStore, clock, log }, closing);
  const reader =
    parts.has('mailReader') || listensForMail(settings)
      ? closing.add(new MailReader({}, settings.portal.smimeAuthoritiesFile), (opened) => opened.close())
      : null;
  reader?.warmUp(); // the first reader waits for no thread to start
  return {
    clock,
    keyring,
    eventStore,
    metrics,
    persons,
    ephemeralStore,
    relay,
    outbox,
    webhooks,
    epochs,
    reader,
    policy,
    telemetry,
    readModels,
    projections,
    trail,
    canary,
    ledger,
    retention,
  };
}

async function isEmpty(events: EventStore): Promise<boolean> {
  for await (const _ of events.readAll({ maxCount: 1 })) return false;
  return true;
}

/** @throws ConfigurationFault where mail is to be signed and there is no key for it */
function smtpRelay(
  settings: Settings,
  keyring: Keyring,
  clock: Clock,
  log: Logger,
  canary: CanaryMailbox | null,
): MailRelay {
  const { relayUrl = '', relay: files, dkim, publicUrl } = settings;
  const wire = new SmtpRelay(relayUrl, {
    ...files,
    clock,
    heloName: new URL(publicUrl).hostname,
    onHopFailed: (hop) => log.warn({ hop }, 'a next hop cannot be used; the others are asked first for a while'),
  });
  const relay = canary !== null && settings.canary.address === undefined ? new KeepingRelay(wire, canary, clock) : wire;
  // A console alone has no such keys, and writes to its own people: unsigned.
  if (dkim.domains.length === 0 || !(hasRole(settings, 'portal') || hasRole(settings, 'gateway'))) return relay;
  const keys = () => dkimKeysOf(keyring, dkim);
  if (keys().length === 0) {
    throw new ConfigurationFault([
      `dkim.keyVersion: the keyring has neither dkim-rsa-${dkim.keyVersion} nor dkim-eddsa-${dkim.keyVersion}: "segl keys rotate dkim-rsa" makes one`,
    ]);
  }
  return new DkimRelay(relay, { domains: dkim.domains, keys, clock });
}

function copiesCheckpoints(settings: Settings): boolean {
  const { checkpointMail, checkpointUrl } = settings.ledger;
  return partsOf(settings).has('readModels') && (checkpointMail ?? checkpointUrl) !== undefined;
}

function asksWitnesses(settings: Settings): boolean {
  return partsOf(settings).has('readModels') && settings.ledger.witnesses.length > 0;
}

function backupFigures({ backup, demonstration }: Settings, events: EventStore) {
  const made = new BackupsMade(events);
  return {
    newestBackupSeconds: async () => {
      const at = await made.newestAt();
      return at === null ? 0 : Date.parse(at) / 1000;
    },
    // As `segl doctor`: nothing is due of a demonstration, nor where backups are made by other means.
    ...(backup.warnAfterHours > 0 &&
      !demonstration && { backupDueSeconds: backupDueIn(events, backup.warnAfterHours) }),
  };
}

/** @throws ConfigurationFault with every fault of the policy's file */
function openPolicy({ gateway: { policyFile } }: Settings, clock: Clock): PolicyInForce {
  try {
    return new PolicyInForce(policyFile ?? null, () => new Date(clock.now()));
  } catch (error) {
    if (!(error instanceof PolicyFaulty)) throw error;
    throw new ConfigurationFault(error.faults.map((fault) => `gateway.policyFile: ${fault}`));
  }
}

/**
 * 50 ms: as long as the steps of a reader take that follow one another by themselves. Handled together, their events cost one transaction of
 * each read model, and that after the reader has the page.
 */
const GATHER_MS = 50;

function openReadModels({ dataDir }: Settings, events: EventStore, clock: Clock, closing: Closing) {
  const readModels = closing.add(ReadModels.open(join(dataDir, DATA_FILES.readModels)), (opened) => opened.close());
  const projections = new ProjectionRunner(events, readModels, PROJECTIONS, { clock, gatherMs: GATHER_MS });
  projections.start();
  closing.add(projections, (runner) => runner.stop());
  return { readModels, projections };
}

function openTelemetry(settings: Settings, store: EventStore, clock: Clock, log: Logger, closing: Closing): Telemetry {
  const telemetry = new Telemetry(store, clock, {
    privacy: settings.telemetry,
    onFailure: (error) => log.warn({ error: String(error) }, 'counts could not be written; they wait'),
  });
  telemetry.start();
  return closing.add(telemetry, (opened) => opened.stop());
}

interface OutboxNeeds {
  readonly relay: MailRelay;
  readonly eventStore: EventStore;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

async function openOutbox({ dataDir }: Settings, needs: OutboxNeeds, closing: Closing): Promise<Outbox> {
  const { relay, eventStore, clock, metrics, log } = needs;
  const outbox = closing.add(
    await Outbox.open({
      directory: join(dataDir, DATA_FILES.outbox),
      relay,
      clock,
      settle: settlementBy(eventStore, clock),
      record: deliveryRecorder(eventStore),
      onOutcome: (outcome) => {
        metrics.countDelivery(outcome.outcome);
        const isGivenUp = outcome.outcome === 'refused' || outcome.outcome === 'expired';
        log[isGivenUp ? 'warn' : 'info'](outcome, 'a carrier was tried at the relay');
      },
      onFault: (error) => log.error({ error: error.message }, 'the outbox has a fault'),
    }),
    (opened) => opened.close(),
  );
  outbox.start();
  return outbox;
}

type EpochNeeds = Pick<OpenedStores, 'keyring' | 'ephemeralStore' | 'clock'> & { readonly log: Logger };

/** The portal of a process tells which epochs it can open, where others ask; its gateway asks. */
async function openEpochs(settings: Settings, needs: EpochNeeds, closing: Closing): Promise<GatewayEpochs | null> {
  const { keyring, ephemeralStore, clock, log } = needs;
  const shared = isShared(settings.ephemeralStore) ? ephemeralStore : null;
  const ownPortal = hasRole(settings, 'portal') ? randomUUID() : null;
  let isFailing = false;
  const onFailure = (error: unknown) => {
    if (!isFailing)
      log.warn({ error: String(error) }, 'which epochs the portals can open cannot be announced or asked now');
    isFailing = true;
    setTimeout(() => (isFailing = false), 60_000).unref();
  };
  if (ownPortal !== null && shared !== null) {
    const portal = new PortalEpochs({ instanceId: ownPortal, keyring, store: shared, clock, onFailure });
    await portal.start();
    closing.add(portal, (started) => started.stop());
  }
  if (!hasRole(settings, 'gateway')) return null;
  const { newEpochAfterSeconds } = settings.sealing;
  const onNotice = ({ what, ...facts }: EpochNotice) => {
    if (what === 'waits') log.warn(facts, 'a new sealing epoch waits until every portal can open it');
    else log.info(facts, 'another sealing epoch is sealed to from now on');
  };
  const epochs = new GatewayEpochs({
    ownPortal,
    keyring,
    store: shared,
    clock,
    newEpochAfterSeconds,
    onNotice,
    onFailure,
  });
  await epochs.start();
  return closing.add(epochs, (started) => started.stop());
}

/** While the store is away the rest is scraped all the same: NaN is what Prometheus calls not known. */
async function usageOf(store: EphemeralStore, maxBytes: number): Promise<{ usedBytes: number; maxBytes: number }> {
  try {
    return await store.usage();
  } catch {
    return { usedBytes: NaN, maxBytes };
  }
}
