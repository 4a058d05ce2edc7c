import { checkpointAtMost, lastCheckpoint, LedgerKeeper, LedgerTree, verifierKey } from '#libs/audit';
import type { Command } from 'commander';
import type { EventStore, ReadModelDatabase } from '#libs/event-store';
import { ledgerOrigin } from '#libs/installation';
import type { Keyring } from '#libs/keyring';
import { Refused } from './exit-codes.ts';
import type { Operator } from './operator.ts';
import { caughtUpReadModels } from './read-models.ts';
import type { OpenedForCommand } from './stores.ts';

/** The ledger as a command sees it: the tree caught up with the log, and the newest checkpoint in it. */
export interface OpenedLedger {
  readonly store: EventStore;
  readonly db: ReadModelDatabase;
  readonly tree: LedgerTree;
  readonly origin: string;
  readonly checkpoint: string;
}

/**
 * Signs what is new first, where this keyring has the ledger's private key, so that an export holds all there is.
 * @throws Refused before the first checkpoint; LedgerContradicted
 */
export async function openedLedger(
  operator: Operator,
  command: Command,
  stores: OpenedForCommand,
): Promise<OpenedLedger> {
  const store = await stores.eventStore();
  const { readModels, runner } = await caughtUpReadModels(operator.places(command), stores);
  const { db } = readModels;
  const origin = lastCheckpoint(db)?.ledger.origin ?? firstOrigin(operator, command);
  const keyring = await stores.keyring(['ledger']).catch(() => null);
  if (keyring === null) {
    operator.terminal.say('segl: no ledger key here: what came after the last checkpoint is left out');
  } else if (origin !== null) {
    const options = { origin, directory: null, onFault: () => undefined };
    await new LedgerKeeper(store, readModels, keyring, operator.terminal.clock, options).signNow();
    await runner.caughtUp();
  }
  const tree = new LedgerTree(db);
  const checkpoint = checkpointAtMost(db, tree.size);
  if (checkpoint === null || origin === null) {
    throw new Refused(
      'nothing was signed yet: a running appliance with the role console signs the first checkpoint, or this command where SEGL_PUBLIC_URL says what the log is called',
    );
  }
  return { store, db, tree, origin, checkpoint };
}

/** What the first checkpoint will call the log, for good; null where the configuration does not say it. */
function firstOrigin(operator: Operator, command: Command): string | null {
  const found = operator.settingsAsFarAsWell(command);
  return found === null || found.missing.has('publicUrl') ? null : ledgerOrigin(found.settings);
}

/** The public keys that this keyring's checkpoints are signed with, as verifiers take them, newest first. */
export function ledgerKeys(keyring: Keyring, origin: string): string[] {
  return keyring
    .list()
    .filter(({ kind }) => kind === 'ledger')
    .flatMap(({ keyId }) => {
      const verifier = keyring.ledgerVerifier(keyId);
      return verifier === null ? [] : [verifierKey(origin, verifier.publicKey)];
    });
}
