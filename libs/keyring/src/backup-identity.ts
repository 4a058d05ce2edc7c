import type { Instant } from '#libs/vocabulary';
import { ageIdentitySeed, ageRecipientOf, newAgeIdentity } from './custody/age-keys.ts';

/** A key for what leaves the installation. It never lies in the keyring: what opens backups must not be lost with what is in them. */
export interface BackupIdentity {
  /** The lines of age-keygen: `age -d -i <file>` takes them as they are. */
  readonly file: string;
  /** `age1pq1…` */
  readonly recipient: string;
}

export function newBackupIdentity(createdAt: Instant): BackupIdentity {
  const identity = newAgeIdentity();
  const recipient = ageRecipientOf(ageIdentitySeed(identity) as Buffer);
  return { file: `# created: ${createdAt}\n# public key: ${recipient}\n${identity}\n`, recipient };
}
