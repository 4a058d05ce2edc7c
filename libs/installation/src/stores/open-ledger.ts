import type { Logger } from 'pino';
import { LedgerKeeper, publishedCheckpoint, readWitness, WitnessDidNotSign } from '#libs/audit';
import type { EventStore, ProjectionRunner, ReadModels } from '#libs/event-store';
import type { Keyring } from '#libs/keyring';
import type { Clock } from '#libs/vocabulary';
import type { Settings } from '../settings/settings.ts';
import type { Closing } from './closing.ts';

interface LedgerNeeds {
  readonly eventStore: EventStore;
  readonly readModels: ReadModels;
  readonly projections: ProjectionRunner;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Starts the keeper of the ledger. Where checkpoints are published or witnessed, the log is compared with the newest of them first, which takes as long
 * as the read model needs to catch up: nothing is served over a log that was set back or changed.
 *
 * @throws LedgerContradicted
 */
export async function openLedger(settings: Settings, needs: LedgerNeeds, closing: Closing): Promise<LedgerKeeper> {
  const { eventStore, readModels, projections, keyring, clock, log } = needs;
  const { directory = null } = settings.ledger;
  const witnesses = settings.ledger.witnesses.flatMap(
    ({ url, monitoringUrl, key }) => readWitness(key, url, monitoringUrl) ?? [],
  );
  const keeper = new LedgerKeeper(eventStore, readModels, keyring, clock, {
    origin: ledgerOrigin(settings),
    directory,
    witnesses,
    onFault: (error) =>
      error instanceof WitnessDidNotSign
        ? log.warn({ err: error }, 'a checkpoint of the ledger goes without a witness')
        : log.error({ error: String(error) }, 'no checkpoint could be signed or published'),
  });
  const isKnownElsewhere = directory !== null && (await publishedCheckpoint(directory)) !== null;
  if (isKnownElsewhere || witnesses.length > 0) {
    await projections.caughtUp();
    await keeper.requireConsistent();
  }
  keeper.start();
  return closing.add(keeper, (started) => started.stop());
}

/** What a ledger that has no name yet is called: kept for ever by its first checkpoint. */
export function ledgerOrigin({ publicUrl }: Pick<Settings, 'publicUrl'>): string {
  return `${new URL(publicUrl).host}/ledger`;
}
