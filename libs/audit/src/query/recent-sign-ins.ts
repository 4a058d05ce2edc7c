import { plusSeconds } from '#libs/vocabulary';
import type { Instant, PersonId } from '#libs/vocabulary';
import type { AuditTrailSource } from './audit-trail-source.ts';

/** 8 hours: the most that a configuration may say a session of a reader lasts (`portal.sessionMaxSeconds`). */
const LONGEST_SECONDS = 8 * 3600;
/** The latest sign-ins that are looked at. */
const MAX_SIGN_INS = 500;

export interface RecentSignIns {
  /** Who may still be signed in, the latest first. */
  readonly personIds: readonly PersonId[];
  /** How many sign-ins were looked at. */
  readonly rows: number;
  /** Whether there were more than 500 in the last 8 hours: then somebody may be missing. */
  readonly hasMore: boolean;
}

/** Who proved an address so lately that a session of theirs may be open. @throws ReadModelsBusy */
export async function recentSignIns(trail: AuditTrailSource, now: Instant): Promise<RecentSignIns> {
  const filter = { types: ['RecipientAuthenticated'], from: plusSeconds(now, -LONGEST_SECONDS) };
  const { rows, next } = await trail.page(filter, { order: 'newest-first', limit: MAX_SIGN_INS });
  const personIds = [...new Set(rows.map(({ data }) => data['personId'] as PersonId))];
  return { personIds, rows: rows.length, hasMore: next !== null };
}
