import { createHash } from 'node:crypto';
import { MerkleTree } from '#libs/audit';
import { readErasedSubjects } from '#libs/compliance';
import type { EventStore } from '#libs/event-store';
import type { PersonRows } from '#libs/keyring';
import { filesOfOutbox } from '#libs/mail';
import { sealAgeFile } from '#libs/sealing';
import type { Clock, Instant, PersonId } from '#libs/vocabulary';
import { ArchiveWriter } from './archive-writer.ts';
import { BACKUP_VERSION, ENTRY, signedManifest } from './backup-form.ts';
import type { BackupBeginning, BackupManifest, ManifestSigner } from './backup-form.ts';
import { readKeyFiles, requireNoneDestroyed } from './key-files.ts';
import { LinePieces } from './line-pieces.ts';
import { personLine } from './person-lines.ts';

/** A running installation, as it is read. */
export interface BackupSource {
  readonly events: EventStore;
  readonly persons: PersonRows;
  readonly keyringDirectory: string;
  /** Of this machine; null or not there: none. */
  readonly outboxDirectory: string | null;
  /** By the names they get below `configuration/`. */
  readonly configuration: ReadonlyMap<string, Uint8Array>;
}

export interface BackupOptions {
  /** `age1pq1…` each. */
  readonly recipients: readonly string[];
  /** Signs the list of contents, so that who keeps its public half elsewhere can tell this backup from one that somebody else made. */
  readonly signer: ManifestSigner;
  /** Of this release, for whoever finds the file in ten years. */
  readonly release: string;
  readonly clock: Clock;
  /** Resolves once the bytes may be used again. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly onProgress?: (step: 'events' | 'persons' | 'carriers', done: number) => void;
}

export interface BackupSummary extends Omit<BackupManifest, 'entries'> {
  readonly madeAt: Instant;
  readonly fileBytes: number;
  readonly fileSha256: string;
}

/**
 * Writes a backup of a running installation. What is in it belongs together, because of the order in which it is read
 * (ops/decisions/2026-11-30-a-backup-is-read-in-one-order.md): the record, then the persons it names, then the carriers it knows of, then the
 * keys that all of them need. Memory does not grow with the installation; nothing is written to a disk but by `write`.
 *
 * @throws TypeError for recipients that are none; KeyDestroyedMeanwhile; what the stores, the file system and `write` throw
 */
export async function writeBackup(source: BackupSource, options: BackupOptions): Promise<BackupSummary> {
  const archive = new ArchiveWriter();
  const sealed = sealAgeFile(archive.bytes(), options.recipients);
  const filling = fill(archive, source, options);
  filling.catch((error: Error) => archive.fail(error));
  const hash = createHash('sha256');
  let fileBytes = 0;
  try {
    for await (const bytes of sealed) {
      hash.update(bytes);
      fileBytes += bytes.length;
      await options.write(bytes);
    }
  } catch (error) {
    archive.fail(error as Error);
    await filling; // its reason is the first one
    throw error;
  }
  return { ...(await filling), fileBytes, fileSha256: hash.digest('hex') };
}

type Filled = Omit<BackupSummary, 'fileBytes' | 'fileSha256'>;

async function fill(archive: ArchiveWriter, source: BackupSource, options: BackupOptions): Promise<Filled> {
  const madeAt = options.clock.now();
  const madeAtMs = Date.parse(madeAt);
  const beginning: BackupBeginning = { format: 'segl-backup', version: BACKUP_VERSION, madeAt, segl: options.release };
  await archive.addText(ENTRY.beginning, `${JSON.stringify(beginning)}\n`, madeAtMs);

  const keysBefore = await readKeyFiles(source.keyringDirectory);
  const { events, erased } = await addEvents(archive, source, options, madeAtMs);
  const persons = await addPersons(archive, source, options, madeAtMs);
  const carriers = await addCarriers(archive, source, options);
  const keyFiles = await readKeyFiles(source.keyringDirectory);
  requireNoneDestroyed(keysBefore, keyFiles);
  for (const [name, bytes] of keyFiles) await archive.addBytes(`${ENTRY.keyring}${name}`, bytes, madeAtMs);
  for (const [name, bytes] of source.configuration)
    await archive.addBytes(`${ENTRY.configuration}${name}`, bytes, madeAtMs);

  const erasedMeanwhile = [...(await readErasedSubjects(source.events)).keys()].filter((id) => !erased.has(id));
  const keyIds = [...keyFiles.keys()].flatMap((name) => /^(.+)\.key$/.exec(name)?.[1] ?? []);
  const summary = { madeAt, events, persons, carriers, keyIds, erasedMeanwhile };
  const manifest: BackupManifest = { ...summary, entries: archive.entries };
  await archive.addText(ENTRY.manifest, signedManifest(manifest, options.signer), madeAtMs);
  archive.finish();
  return summary;
}

async function addEvents(
  archive: ArchiveWriter,
  { events: store }: BackupSource,
  { onProgress }: BackupOptions,
  madeAtMs: number,
): Promise<{ events: BackupManifest['events']; erased: ReadonlySet<PersonId> }> {
  const tree = new MerkleTree();
  const erased = new Set<PersonId>();
  let newestAt: Instant | null = null;
  const pieces = new LinePieces(ENTRY.events, (name, text) => archive.addText(name, text, madeAtMs));
  for await (const { bytes, time, type, data } of store.readAll()) {
    tree.append(bytes);
    if (newestAt === null || time > newestAt) newestAt = time;
    if (type === 'SubjectErased') erased.add((data as { personId: PersonId }).personId);
    await pieces.add(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')); // JCS: no line feed in it
    onProgress?.('events', tree.size);
  }
  await pieces.finish();
  return { events: { count: tree.size, rootSha256: tree.root().toString('hex'), newestAt }, erased };
}

async function addPersons(
  archive: ArchiveWriter,
  { persons }: BackupSource,
  { onProgress }: BackupOptions,
  madeAtMs: number,
): Promise<number> {
  let count = 0;
  const pieces = new LinePieces(ENTRY.persons, (name, text) => archive.addText(name, text, madeAtMs));
  for await (const row of persons.readRows()) {
    await pieces.add(personLine(row));
    count++;
    onProgress?.('persons', count);
  }
  await pieces.finish();
  return count;
}

async function addCarriers(
  archive: ArchiveWriter,
  { outboxDirectory }: BackupSource,
  { onProgress }: BackupOptions,
): Promise<number> {
  if (outboxDirectory === null) return 0;
  let count = 0;
  for await (const file of filesOfOutbox(outboxDirectory)) {
    await archive.add({ ...file, name: `${ENTRY.outbox}${file.path}`, content: () => file.content() });
    count++;
    onProgress?.('carriers', count);
  }
  return count;
}
