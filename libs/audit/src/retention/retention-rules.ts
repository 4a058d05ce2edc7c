import { plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/**
 * Whose content may ever go, and nothing else: events on which nothing is decided once they are RETENTION_MIN_DAYS old, and their message can no longer
 * be opened. What decisions fold is kept whole for ever: sealings and revocations, submissions and what became of them, holds, erasures, proposals, keys,
 * backups, checkpoints, and what retention did. A test folds without the rest.
 */
export const RETENTION_TYPES = {
  /** What was shown and saved. */
  views: ['MessageViewed', 'AttachmentViewed', 'AttachmentDownloaded'],
  /** Who proved an address, or failed to. */
  signIns: ['RecipientAuthenticated', 'AuthenticationFailed'],
  codes: ['OtpIssued', 'OtpDelivered', 'OtpDeliveryFailed', 'OtpRejected', 'OtpAccepted', 'OtpExhausted'],
  /** Attachments that reached the portal, and what was refused to whom came with them. */
  visits: ['CarrierOpened', 'OpeningsSummarised', 'ViewDenied'],
  /** What auditors asked and took away. */
  auditing: ['AuditTrailQueried', 'AuditTrailExported', 'AuditAccessRefused', 'AuditorSignedIn'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type RetentionKind = keyof typeof RETENTION_TYPES;
export const RETENTION_KINDS = Object.keys(RETENTION_TYPES) as RetentionKind[];

/** The limits of codes look back two days, a session lasts eight hours, an upload waits 15 minutes: a month is far from all of them. */
export const RETENTION_MIN_DAYS = 30;

/** Days that the content of each kind of event is kept; what is not named is kept for good. */
export type RetentionDays = { readonly [Kind in RetentionKind as `${Kind}Days`]?: number | undefined };

export interface RetentionRule {
  readonly kind: RetentionKind;
  readonly types: readonly string[];
  /** Exclusive, by the time of recording. */
  readonly before: Instant;
}

const SECONDS_PER_DAY = 86_400;

/** What may go now. @throws RangeError for fewer days than RETENTION_MIN_DAYS */
export function retentionRules(days: RetentionDays, now: Instant): RetentionRule[] {
  return RETENTION_KINDS.flatMap((kind) => {
    const kept = days[`${kind}Days`];
    if (kept === undefined) return [];
    if (!(kept >= RETENTION_MIN_DAYS))
      throw new RangeError(`${kind}: ${kept} days are fewer than ${RETENTION_MIN_DAYS}`);
    return [{ kind, types: RETENTION_TYPES[kind], before: plusSeconds(now, -kept * SECONDS_PER_DAY) }];
  });
}
