import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MerkleTree } from '#libs/audit';
import { MAX_APPEND_BYTES, MAX_IMPORT_EVENTS, SqliteEventStore } from '#libs/event-store';
import { Keyring, MAX_PERSON_ROWS, SqlitePersonDirectory } from '#libs/keyring';
import type { PersonRecord } from '#libs/keyring';
import { messageStream } from '#libs/sealing';
import { parseMessageId } from '#libs/vocabulary';
import { BadBackup, ENTRY } from './backup-form.ts';
import type { BackupBeginning, BackupManifest, ManifestSignature } from './backup-form.ts';
import { personOfLine } from './person-lines.ts';
import { readBackup, textOf } from './read-backup.ts';
import type { ReadBackup } from './read-backup.ts';

/** Where the parts of a backup are written. Nothing may be there; directories above are made, 0700. */
export interface UnpackPlaces {
  readonly eventsFile: string;
  readonly personsFile: string;
  readonly outboxDirectory: string;
  readonly keyringDirectory: string;
  readonly configurationDirectory: string;
  /** For what cannot be taken in before what comes later in the file; removed at the end. */
  readonly spoolDirectory: string;
}

export interface Unpacked {
  readonly beginning: BackupBeginning;
  readonly manifest: BackupManifest;
  /** Not compared with any key: whoever knows the public key that a backup is sealed to can make one. Null: of a release that did not sign. */
  readonly signature: ManifestSignature | null;
  readonly isDemonstration: boolean;
  /** Carriers left out because the record of this backup does not know their message: they were sealed while it was made, and open nowhere. */
  readonly carriersLeftOut: number;
}

export interface UnpackOptions {
  readonly identities: readonly string[];
  readonly places: UnpackPlaces;
  readonly onBeginning?: (beginning: BackupBeginning) => void;
  readonly onProgress?: (step: 'events' | 'persons', done: number) => void;
}

/**
 * Makes an installation on embedded stores of a backup, whichever stores it was made from. Owner-only modes throughout. When it throws,
 * what it has written is of no use: whoever calls removes it.
 *
 * @throws BadBackup; KeyringFault; what the stores and the file system throw
 */
export async function unpackBackup(file: AsyncIterable<Uint8Array>, options: UnpackOptions): Promise<Unpacked> {
  const { places, onProgress } = options;
  const unpacking = await Unpacking.begin(places, onProgress);
  try {
    const read = await readBackup(file, options.identities, {
      onBeginning: (beginning) => {
        unpacking.beginning = beginning;
        options.onBeginning?.(beginning);
      },
      onEntry: (name, content, modifiedMs) => unpacking.take(name, content, modifiedMs),
    });
    return await unpacking.finish(read);
  } finally {
    await unpacking.close();
  }
}

class Unpacking {
  beginning: BackupBeginning | null = null;
  private readonly tree = new MerkleTree();
  private readonly spooled: string[] = [];
  private carriers = 0;
  private carriersLeftOut = 0;

  private constructor(
    private readonly places: UnpackPlaces,
    private readonly store: SqliteEventStore,
    private readonly onProgress: UnpackOptions['onProgress'],
  ) {}

  static async begin(places: UnpackPlaces, onProgress: UnpackOptions['onProgress']): Promise<Unpacking> {
    for (const directory of [dirname(places.eventsFile), places.keyringDirectory, places.spoolDirectory])
      await mkdir(directory, { recursive: true, mode: 0o700 });
    return new Unpacking(places, await SqliteEventStore.open(places.eventsFile), onProgress);
  }

  async take(name: string, content: AsyncIterable<Uint8Array>, modifiedMs: number): Promise<void> {
    if (name.startsWith(ENTRY.events)) return this.takeEvents(await textOf(content));
    if (name.startsWith(ENTRY.persons)) {
      const path = join(this.places.spoolDirectory, basename(name));
      this.spooled.push(path);
      return writeWhole(path, content, modifiedMs);
    }
    if (name.startsWith(ENTRY.outbox)) return this.takeCarrier(name.slice(ENTRY.outbox.length), content, modifiedMs);
    const [under, directory] = name.startsWith(ENTRY.keyring)
      ? [ENTRY.keyring, this.places.keyringDirectory]
      : [ENTRY.configuration, this.places.configurationDirectory];
    await writeWhole(join(directory, name.slice(under.length)), content, modifiedMs);
  }

  async finish({ manifest, signature }: ReadBackup): Promise<Unpacked> {
    const { beginning, tree } = this;
    const { count, rootSha256 } = manifest.events;
    if (beginning === null || tree.size !== count || tree.root().toString('hex') !== rootSha256)
      throw new BadBackup(`its record has ${tree.size} events, and not the ${count} that it should have`);
    const isDemonstration = await exists(join(this.places.keyringDirectory, 'DEMONSTRATION'));
    await this.takePersons(isDemonstration, manifest.persons);
    await rm(this.places.spoolDirectory, { recursive: true, force: true });
    const { carriersLeftOut } = this;
    if (this.carriers + carriersLeftOut !== manifest.carriers) throw new BadBackup('carriers are missing in it');
    return { beginning, manifest, signature, isDemonstration, carriersLeftOut };
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  private async takeEvents(text: string): Promise<void> {
    let batch: { bytes: Uint8Array }[] = [];
    let batchBytes = 0;
    const handOver = async () => {
      if (batch.length > 0) await this.store.importRecorded(batch);
      batch = [];
      batchBytes = 0;
    };
    for (const line of linesOf(text)) {
      const bytes = Buffer.from(line);
      // A type has 100 characters at most, and is counted twice (sizeInAppend).
      if (batch.length === MAX_IMPORT_EVENTS || batchBytes + bytes.length + 200 > MAX_APPEND_BYTES) await handOver();
      batch.push({ bytes });
      batchBytes += bytes.length + 200;
      this.tree.append(bytes);
    }
    await handOver();
    this.onProgress?.('events', this.tree.size);
  }

  private async takePersons(demonstration: boolean, expected: number): Promise<void> {
    const kinds = ['person-wrapping', 'person-index'] as const;
    const keyring = await Keyring.open(this.places.keyringDirectory, { demonstration, kinds });
    try {
      const persons = await SqlitePersonDirectory.open(this.places.personsFile, keyring);
      try {
        let done = 0;
        for (const path of this.spooled) {
          const records = linesOf(await readFile(path, 'utf8')).map(personOfLine);
          for (let at = 0; at < records.length; at += MAX_PERSON_ROWS) {
            const some: readonly PersonRecord[] = records.slice(at, at + MAX_PERSON_ROWS);
            await persons.writeRows(some);
            done += some.length;
            this.onProgress?.('persons', done);
          }
        }
        if (done !== expected) throw new BadBackup(`its person directory has ${done} persons, and not ${expected}`);
      } finally {
        await persons.close();
      }
    } finally {
      keyring.close();
    }
  }

  /** What is staged is settled by the next start, as after any end of a process; what waits or is kept must be of a message of this record. */
  private async takeCarrier(path: string, content: AsyncIterable<Uint8Array>, modifiedMs: number): Promise<void> {
    const messageId =
      path
        .split(/[./]/)
        .map(parseMessageId)
        .findLast((id) => id !== null) ?? null;
    const isKnown =
      path.startsWith('staging/') || (messageId !== null && (await this.isRecorded(messageStream(messageId))));
    if (isKnown) {
      this.carriers++;
      return writeWhole(join(this.places.outboxDirectory, path), content, modifiedMs);
    }
    this.carriersLeftOut++;
    for await (const _ of content); // to its end, so that it counts
  }

  private async isRecorded(stream: Parameters<SqliteEventStore['readStream']>[0]): Promise<boolean> {
    for await (const _ of this.store.readStream(stream, { maxCount: 1 })) return true;
    return false;
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

async function writeWhole(path: string, content: AsyncIterable<Uint8Array>, modifiedMs: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of content) await file.writeFile(piece);
    await file.utimes(modifiedMs / 1000, modifiedMs / 1000);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  await file?.close();
  return file !== null;
}
