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
 *     manifest.json           every entry before it with length and SHA-256, what all of it adds up to, and the ledger key's signature over that
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

const signatureSchema = z.object({ signature: z.object({ keyId: z.string(), value: z.base64() }).optional() });

/** Who signed a list of contents, and over what. */
export interface ManifestSignature {
  /** `ledger-<n>`, as the backup's own keyring calls it. */
  readonly keyId: string;
  /** Ed25519 (RFC 8032), 64 bytes. */
  readonly value: Uint8Array;
  readonly signedBytes: Uint8Array;
}

/** Signs with an Ed25519 key of the installation. */
export interface ManifestSigner {
  readonly keyId: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** Nothing else that this key signs begins so: a checkpoint begins with the name of its log. */
const SIGNED_AS = 'segl-backup manifest\n';

/** The text of a list of contents with its signature, which is over all of the rest as it is written there. */
export function signedManifest(manifest: BackupManifest, signer: ManifestSigner): string {
  const value = Buffer.from(signer.sign(signedBytesOf(manifest))).toString('base64');
  return `${JSON.stringify({ ...manifest, signature: { keyId: signer.keyId, value } })}\n`;
}

function signedBytesOf(contents: object): Buffer {
  return Buffer.from(SIGNED_AS + JSON.stringify(contents));
}

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

/** @returns with its signature as it stands there, compared with no key yet; null of a release that did not sign. @throws BadBackup */
export function readManifest(text: string): { manifest: BackupManifest; signature: ManifestSignature | null } {
  const written = json(text);
  const read = manifestSchema.safeParse(written);
  const signed = signatureSchema.safeParse(written);
  if (!read.success) throw new BadBackup('its list of contents cannot be read', { cause: read.error });
  if (!signed.success) throw new BadBackup('its signature cannot be read', { cause: signed.error });
  if (signed.data.signature === undefined) return { manifest: read.data, signature: null };
  const { keyId, value } = signed.data.signature;
  const { signature: _, ...rest } = written as Record<string, unknown>;
  return {
    manifest: read.data,
    signature: { keyId, value: Buffer.from(value, 'base64'), signedBytes: signedBytesOf(rest) },
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
