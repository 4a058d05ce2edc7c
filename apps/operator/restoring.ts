import { verify } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MessagesInTrail } from '#libs/audit';
import type { TrustedKey } from '#libs/audit';
import { unpackBackup } from '#libs/backup';
import type { Unpacked } from '#libs/backup';
import {
  EraseSubject,
  EraseSubjectHandler,
  LiftHold,
  LiftHoldHandler,
  readErasedSubjects,
  recordBackup,
  replayErasures,
} from '#libs/compliance';
import type { Erasure } from '#libs/compliance';
import type { EventStore, ProjectionRunner } from '#libs/event-store';
import { settlementBy } from '#libs/gateway';
import { DATA_FILES, embeddedUrl, markAsDemonstration } from '#libs/installation';
import type { Places } from '#libs/installation';
import { parseKeyId } from '#libs/keyring';
import type { Keyring, PersonDirectory } from '#libs/keyring';
import { Outbox } from '#libs/mail';
import { DomainError } from '#libs/vocabulary';
import type { Clock, Instant, Mandate, PersonId } from '#libs/vocabulary';
import { BadInput, Refused } from './exit-codes.ts';
import { NoRelay } from './erasure-reach.ts';
import { provenRecord } from './proven-record.ts';
import type { ProvenRecord } from './proven-record.ts';
import { openReadModels } from './read-models.ts';
import { countOrphaned } from './sealed-messages.ts';
import { OpenedForCommand } from './stores.ts';

export interface RestoreRequest {
  readonly file: AsyncIterable<Uint8Array>;
  /** Of `file`, once it has been read. */
  readonly fileSha256: () => string;
  readonly identities: readonly string[];
  /** Erased elsewhere, after the backup was made. */
  readonly alsoErased: ReadonlySet<PersonId>;
  /** Public keys of the ledger that were kept elsewhere: one of them must have signed the backup. None: whoever made it is taken at their word. */
  readonly ledgerKeys: readonly TrustedKey[];
  /** Checkpoints kept elsewhere. */
  readonly checkpoints: readonly string[];
  readonly mandate: Mandate;
  readonly clock: Clock;
  readonly onProgress: (step: string, done: number) => void;
  /** Asked before anything is recorded or erased: what the ledger proves, or why it was not looked at. Throws to stop. */
  readonly judge: (proven: ProvenRecord | null, standstill: string | null) => void;
}

export interface RestoredInstallation extends Omit<Unpacked, 'signature'> {
  /** Which ledger key signed the backup, and whether it is one of those that were kept elsewhere. Null: none did. */
  readonly signedBy: { readonly keyId: string; readonly isKeptElsewhere: boolean } | null;
  readonly proven: ProvenRecord | null;
  /** Why the ledger was not looked at: a read model cannot take an event in. Null: it was. */
  readonly standstill: string | null;
  /** Sealing keys that are not in the backup, each with how many messages open no more for want of it. */
  readonly orphaned: Readonly<Record<string, number>>;
  /** Who was in the directory of the backup, or named in its record, and is erased now. */
  readonly erased: readonly PersonId[];
  /** Erased while or after the backup was made, of whom it has nothing. */
  readonly erasedUnknown: number;
}

/** How often it is looked whether the read models stand still: as long as they do not, they are waited for. */
const LOOK_MS = 1000;

/** The restored installation's own places, below the directory that is restored to. */
export function placesBelow(directory: string, demonstration: boolean): Places {
  const dataDir = join(directory, 'data');
  return {
    dataDir,
    keyring: join(directory, 'keyring'),
    eventStore: embeddedUrl('eventStore', dataDir),
    personKeys: embeddedUrl('personKeys', dataDir),
    stores: {},
    demonstration,
  };
}

/**
 * Makes of a backup, in an empty directory, an installation in which nobody is whom the record says was erased, and whose record is
 * proven as far as it can be. @throws BadBackup, and what `judge` throws
 */
export async function restoreInto(directory: string, request: RestoreRequest): Promise<RestoredInstallation> {
  const dataDir = join(directory, 'data');
  const unpacked = await unpackBackup(request.file, {
    identities: request.identities,
    places: {
      eventsFile: join(dataDir, DATA_FILES.eventStore),
      personsFile: join(dataDir, DATA_FILES.personKeys),
      outboxDirectory: join(dataDir, DATA_FILES.outbox),
      keyringDirectory: join(directory, 'keyring'),
      configurationDirectory: join(directory, 'configuration'),
      spoolDirectory: join(directory, 'spool'),
    },
    onProgress: request.onProgress,
  });
  if (unpacked.isDemonstration) markAsDemonstration(dataDir);
  const places = placesBelow(directory, unpacked.isDemonstration);
  await using stores = new OpenedForCommand(places);
  const keyring = await stores.keyring(['person-wrapping', 'person-index', 'ledger.pub']);
  const signedBy = signerOf(unpacked, keyring, request.ledgerKeys);
  const store = await stores.eventStore();
  const persons = await stores.persons({ keyring });
  const { readModels, runner } = await openReadModels(places, stores);
  runner.start();
  const standstill = await caughtUpOrStill(runner);
  const proven = standstill === null ? await provenRecord(store, readModels.db, keyring, request.checkpoints) : null;
  request.judge(proven, standstill);

  const { mandate, clock } = request;
  const { madeAt, events, erasedMeanwhile } = unpacked.manifest;
  const facts = { restoredAt: clock.now(), backupMadeAt: madeAt as Instant, events: events.count };
  const data = { ...mandate, ...facts, fileSha256: request.fileSha256() };
  await recordBackup(store, { type: 'BackupRestored', data });
  const messages = new MessagesInTrail(async () => {
    const why = await caughtUpOrStill(runner);
    if (why !== null) throw new Refused(`which messages are somebody's cannot be told: ${why}`);
    return readModels.db;
  });
  const outbox = await outboxBelow(dataDir, store, clock, stores);
  const handler = new EraseSubjectHandler(store, { persons, messages, outbox, sessions: null }, clock);
  const done = await eraseAgain(
    new Set([...request.alsoErased, ...(erasedMeanwhile as PersonId[])]),
    handler,
    { store, persons, clock },
    mandate,
  );
  if (standstill === null) await caughtUpOrStill(runner);
  const keyIds = new Set(unpacked.manifest.keyIds);
  const orphaned = await countOrphaned(store, clock.now(), (keyId) => keyIds.has(keyId));
  return { ...unpacked, signedBy, proven, standstill, ...done, orphaned: Object.fromEntries(orphaned) };
}

/**
 * A backup is sealed to a key that anybody may know, and the ledger key inside proves what whoever made it says: only one that was kept elsewhere
 * tells a backup of this installation from another's.
 * @throws BadInput
 */
function signerOf(
  { signature }: Unpacked,
  keyring: Keyring,
  kept: readonly TrustedKey[],
): RestoredInstallation['signedBy'] {
  const isKeptElsewhere =
    signature !== null && kept.some((key) => verify(null, signature.signedBytes, key.publicKey, signature.value));
  if (kept.length > 0 && !isKeptElsewhere)
    throw new BadInput(
      signature === null
        ? 'it is not signed, as backups of releases before 0.2 are not: restore it without --ledger-key, if you know where it has been'
        : 'no ledger key that you gave has signed it: somebody else made it, or the key was rotated since ("segl audit key")',
    );
  if (signature === null) return null;
  const { keyId, signedBytes, value } = signature;
  const named = parseKeyId(keyId);
  const own = named === null ? null : keyring.ledgerVerifier(named.keyId);
  if (own?.verify(signedBytes, value) !== true) throw new BadInput(`it is not signed by its own key ${keyId}`);
  return { keyId, isKeptElsewhere };
}

/** A record of ten million events takes hours. @returns why they cannot be had, such as an event that this release does not know */
async function caughtUpOrStill(runner: ProjectionRunner): Promise<string | null> {
  for (;;) {
    try {
      await runner.caughtUp(LOOK_MS);
      return null;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'projections-behind') throw error;
      const still = runner.status().find(({ stop }) => stop !== null);
      if (still !== undefined) return `${still.name} stands still: ${still.lastError ?? ''}`;
    }
  }
}

async function outboxBelow(
  dataDir: string,
  store: EventStore,
  clock: Clock,
  stores: OpenedForCommand,
): Promise<Outbox | null> {
  const directory = join(dataDir, DATA_FILES.outbox);
  if (!existsSync(directory)) return null;
  const outbox = await Outbox.open({ directory, clock, relay: new NoRelay(), settle: settlementBy(store, clock) });
  stores.onEnd(() => outbox.close());
  await outbox.takeOver();
  return outbox;
}

/** Everybody erased elsewhere is erased here, and recorded so; then whom this record itself says was erased and the directory has. */
async function eraseAgain(
  also: ReadonlySet<PersonId>,
  handler: EraseSubjectHandler,
  { store, persons, clock }: { readonly store: EventStore; readonly persons: PersonDirectory; readonly clock: Clock },
  mandate: Mandate,
): Promise<Pick<RestoredInstallation, 'erased' | 'erasedUnknown'>> {
  const known = await readErasedSubjects(store);
  const erased = new Set<PersonId>();
  let erasedUnknown = 0;
  for (const personId of also) {
    if (known.has(personId)) continue;
    const outcome = await erasedThoughHeld(personId, handler, { store, clock }, mandate);
    if (outcome === 'unknown') erasedUnknown++;
    else erased.add(personId);
  }
  for (const personId of await replayErasures(store, persons)) erased.add(personId);
  return { erased: [...erased], erasedUnknown };
}

/** Who was erased elsewhere was held there no more: a hold of the older record is lifted, and that is recorded. */
async function erasedThoughHeld(
  personId: PersonId,
  handler: EraseSubjectHandler,
  { store, clock }: { readonly store: EventStore; readonly clock: Clock },
  mandate: Mandate,
): Promise<Erasure['outcome']> {
  const erase = new EraseSubject({ personId }, mandate);
  try {
    return (await handler.execute(erase)).outcome;
  } catch (error) {
    const { code, caseNumbers } = error as { code?: string; caseNumbers?: readonly string[] };
    if (code !== 'under-legal-hold') throw error;
    const reason = 'lifted in a newer record, where the person was erased';
    for (const caseNumber of caseNumbers ?? [])
      await new LiftHoldHandler(store, clock).execute(new LiftHold(personId, { by: mandate.by, reason, caseNumber }));
    return (await handler.execute(erase)).outcome;
  }
}
