import { ADMINISTRATIVE, streamName } from '#libs/event-store';
import type { DomainEvent, StreamDescriptor, StreamName } from '#libs/event-store';
import type { Instant } from '#libs/vocabulary';

interface Decision {
  by: string;
  caseNumber?: string;
  reason?: string;
  /** Of the encrypted file: tells it from every other; lower-case hex. */
  fileSha256: string;
  /** How many are in it. */
  events: number;
}

/** The one stream `backups-installation`. A backup does not hold its own event: it is recorded once the file is whole. */
export type BackupEvent =
  /** `madeAt`: when the first of it was read; nothing later is certain to be in it. */
  | DomainEvent<'BackupMade', Decision & { madeAt: Instant; persons: number; carriers: number; fileBytes: number }>
  /**
   * The first thing recorded in what was restored: the log is that of `backupMadeAt` up to here, and what had been recorded after it elsewhere is
   * not in it.
   */
  | DomainEvent<'BackupRestored', Decision & { restoredAt: Instant; backupMadeAt: Instant }>;

const described = { ...ADMINISTRATIVE, words: ['by', 'caseNumber', 'reason'] } as const;

export const backupEvents = {
  category: 'backups',
  names: 'nothing',
  events: {
    BackupMade: { ...described, facts: { happenedAt: 'madeAt', caseNumber: 'caseNumber', reason: 'reason' } },
    BackupRestored: { ...described, facts: { happenedAt: 'restoredAt', caseNumber: 'caseNumber', reason: 'reason' } },
  },
} as const satisfies StreamDescriptor<BackupEvent>;

export const backupStream: StreamName = streamName(backupEvents.category, 'installation');
