import type { Logger } from 'pino';
import { CheckpointNotCopied, LedgerKeeper, postedTo, publishedCheckpoint, WitnessDidNotSign } from '#libs/audit';
import type { CheckpointPlace } from '#libs/audit';
import { DestinationUnreachable } from '#libs/egress';
import type { EventStore, ProjectionRunner, ReadModels } from '#libs/event-store';
import type { Keyring } from '#libs/keyring';
import type { MailRelay } from '#libs/mail';
import type { Clock } from '#libs/vocabulary';
import type { Settings } from '../settings/settings.ts';
import { checkpointPassage, witnessOf } from '../settings/ledger-settings.ts';
import { mailedTo } from './checkpoint-mail.ts';
import type { Closing } from './closing.ts';

interface LedgerNeeds {
  readonly eventStore: EventStore;
  readonly readModels: ReadModels;
  readonly projections: ProjectionRunner;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly log: Logger;
  /** For checkpoints by mail; null where this process sends none. */
  readonly relay: MailRelay | null;
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
  const witnesses = settings.ledger.witnesses.flatMap((witness) => witnessOf(witness) ?? []);
  const keeper = new LedgerKeeper(eventStore, readModels, keyring, clock, {
    origin: ledgerOrigin(settings),
    directory,
    witnesses,
    copiesTo: placesOf(settings, needs),
    onFault: (error) =>
      error instanceof WitnessDidNotSign
        ? log.warn(wordsOf(error), 'a checkpoint of the ledger goes without a witness')
        : error instanceof CheckpointNotCopied
          ? log.warn(wordsOf(error), 'a checkpoint of the ledger is tried again later')
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

/** Of its causes no more than our own words: they may hold the relay's reply, or what a server wrote, which may name people. */
function wordsOf({ message, cause }: CheckpointNotCopied | WitnessDidNotSign) {
  const why = cause instanceof DestinationUnreachable ? { why: cause.message } : {};
  return { error: message, code: (cause as { code?: unknown } | undefined)?.code, ...why };
}

function placesOf(settings: Settings, { relay, clock }: LedgerNeeds): CheckpointPlace[] {
  const { checkpointMail, checkpointUrl } = settings.ledger;
  return [
    ...(checkpointUrl === undefined ? [] : [postedTo(new URL(checkpointUrl), checkpointPassage(settings.ledger))]),
    ...(checkpointMail === undefined || relay === null
      ? []
      : [
          mailedTo(checkpointMail, {
            relay,
            clock,
            from: settings.passcode.sender,
            organisation: settings.organisation.name,
          }),
        ]),
  ];
}

/** What a ledger that has no name yet is called: kept for ever by its first checkpoint. */
export function ledgerOrigin({ publicUrl }: Pick<Settings, 'publicUrl'>): string {
  return `${new URL(publicUrl).host}/ledger`;
}
