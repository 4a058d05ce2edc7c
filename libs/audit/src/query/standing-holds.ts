import type { Instant, PersonId } from '#libs/vocabulary';
import type { AuditTrailSource } from './audit-trail-source.ts';

/** One case that keeps one person from being erased. */
export interface StandingHold {
  readonly personId: PersonId;
  readonly caseNumber: string;
  readonly by: string;
  readonly reason: string | null;
  readonly placedAt: Instant;
}

/** As many as a page holds. */
const PAGE_ROWS = 1000;

/** Every hold that stands, in the order in which they were placed: reads all that were ever placed or lifted. @throws ReadModelsBusy */
export async function standingHolds(trail: AuditTrailSource): Promise<readonly StandingHold[]> {
  const holds = new Map<string, StandingHold>();
  for (let after: string | null | undefined; after !== null;) {
    const { rows, next } = await trail.page({ types: ['HoldPlaced', 'HoldLifted'] }, { after, limit: PAGE_ROWS });
    for (const { type, stream, data } of rows) {
      const personId = stream.slice(stream.indexOf('-') + 1) as PersonId;
      const { caseNumber, by, reason = null, placedAt } = data as unknown as Omit<StandingHold, 'personId'>;
      const key = `${personId} ${caseNumber}`;
      if (type === 'HoldPlaced') holds.set(key, { personId, caseNumber, by, reason, placedAt });
      else holds.delete(key);
    }
    after = next;
  }
  return [...holds.values()];
}
