import { z } from 'zod';
import { RETENTION_MIN_DAYS } from '#libs/audit';
import type { Settings } from './settings.ts';

function retentionDays(of: string) {
  return z.coerce
    .number()
    .int()
    .min(RETENTION_MIN_DAYS)
    .max(36_500)
    .optional()
    .describe(
      `days after which the content of ${of} is removed, once a night by the process that has the console’s role (on EventStoreDB by hand: ops/runbooks/retention.md); ${RETENTION_MIN_DAYS} at least. Default: it is kept for good`,
    );
}

/** How long the content of events is kept (libs/audit/src/retention). */
export const retentionSchema = z
  .object({
    viewsDays: retentionDays('what was shown and saved (of messages that can no longer be opened)'),
    signInsDays: retentionDays('who proved an address, or failed to'),
    codesDays: retentionDays('codes made, sent, entered and refused'),
    visitsDays: retentionDays(
      'attachments that reached the portal, and what was refused (of messages that can no longer be opened)',
    ),
    auditingDays: retentionDays('what auditors asked and took away'),
  })
  .prefault({});

/** Whether anything ever goes. */
export function hasRetention({ retention }: Pick<Settings, 'retention'>): boolean {
  return Object.values(retention).some((days) => days !== undefined);
}
