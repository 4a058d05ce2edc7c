import type { ReadModelDatabase } from '#libs/event-store';
import { checkFilter } from './check-filter.ts';
import { auditPage } from './audit-page.ts';
import type { AuditPage } from './audit-page.ts';
import type { AuditFilter, AuditPaging } from './audit-filter.ts';

/** One page of what is asked for, by this thread. @throws BadAuditQuery @see auditPage */
export function queryAuditTrail(db: ReadModelDatabase, filter: AuditFilter = {}, paging: AuditPaging = {}): AuditPage {
  checkFilter(filter);
  return auditPage(db, filter, paging);
}
