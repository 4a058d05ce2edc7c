import { z } from 'zod';
import { DomainError } from '#libs/vocabulary';

/** Of what is in the archive and how it is laid out; 2 since it may hold `outbox/unrecorded/`. A reader refuses what is newer than itself, and reads all that is older. */
export const BACKUP_VERSION = 2;

/**
 * A backup is one age file around one tar archive (POSIX ustar and pax), which the `age` and `tar` of any system open without Segl. In this order:
 *
 *     segl-backup.json        what it is: read first, so that a newer one is refused before anything is done
 *     events/00000001.ndjson  the record, an event's stored bytes on a line, in the order of all events
 *     persons/00000001.ndjson the person directory, a person on a line, keys wrapped
 *     outbox/queue/…          carriers that have not left, as they lie there
 *     outbox/unrecorded/…     what became of carriers, as far as the record does not have it yet
 *     keyring/…               the key files, as they are
 *     configuration/…         the configuration file, the files it names, and settings.json, which says where each was
 *     manifest.json           every entry before it with length and SHA-256, and what all of it adds up to
 */
export const ENTRY = {
  beginning: 'segl-backup.json',
  events: 'events/',
  persons: 'persons/',
  outbox: 'outbox/',
  keyring: 'keyring/',
  configuration: 'configuration/',
  manifest: 'manifest.json',
} as const;

/** Nothing else is written to a disk, whatever an archive says: no path leads out of the place that is restored to. */
const ENTRY_NAME =
  /^(segl-backup\.json|manifest\.json|(events|persons)\/\d{8}\.ndjson|outbox\/(staging|queue|kept|refused|unrecorded)\/[\w-][\w.-]*|keyring\/[\w-][\w.-]*|configuration\/(files\/)?[\w-][\w.-]*)$/;

export function isEntryName(name: string): boolean {
  return ENTRY_NAME.test(name) && name.length <= 250;
}

/** Of an entry of events or persons, beyond which another is begun: what a reader holds in memory. */
export const MAX_PIECE_BYTES = 4 * 1024 * 1024;

const instant = z.iso.datetime();
const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const beginningSchema = z.object({
  format: z.literal('segl-backup'),
  version: z.int().min(1),
  madeAt: instant,
  segl: z.string(),
});
export type BackupBeginning = z.output<typeof beginningSchema>;

const manifestSchema = z.object({
  madeAt: instant,
  events: z.object({ count, rootSha256: sha256, newestAt: instant.nullable() }),
  persons: count,
  carriers: count,
  /** `<kind>-<n>`, those that were destroyed left out. */
  keyIds: z.array(z.string()),
  /** Whose erasure was recorded while the backup was made, and is in none of its events. */
  erasedMeanwhile: z.array(z.string().regex(/^[a-z2-7]{26}$/)),
  entries: z.array(z.object({ name: z.string(), bytes: count, sha256 })),
});
export type BackupManifest = z.output<typeof manifestSchema>;

/** The file is no backup, is damaged, or is of a newer release: nothing of it may be used. */
export class BadBackup extends DomainError {
  constructor(reason: string, options?: ErrorOptions) {
    super('bad-backup', reason, options);
  }
}

/** @throws BadBackup */
export function readBeginning(text: string): BackupBeginning {
  const read = beginningSchema.safeParse(json(text));
  if (!read.success) throw new BadBackup('it is no backup of Segl: it begins otherwise', { cause: read.error });
  if (read.data.version > BACKUP_VERSION) {
    throw new BadBackup(
      `it was made by a newer release (${read.data.segl}, form ${read.data.version}); this one reads form ${BACKUP_VERSION}: restore it with that release`,
    );
  }
  return read.data;
}

/** @throws BadBackup */
export function readManifest(text: string): BackupManifest {
  const read = manifestSchema.safeParse(json(text));
  if (!read.success) throw new BadBackup('its list of contents cannot be read', { cause: read.error });
  return read.data;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
