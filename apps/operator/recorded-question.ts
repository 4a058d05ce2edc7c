import { recordAuditing } from '#libs/audit';
import type { Asker } from '#libs/audit';
import type { Operator } from './operator.ts';
import type { OpenedForCommand } from './stores.ts';

/** In the record before it is answered: what was asked after, by the names of what was looked at, and how many it came to. */
export async function recordQuestion(
  operator: Operator,
  stores: OpenedForCommand,
  asker: Asker,
  { fields, rows }: { readonly fields: string[]; readonly rows: number },
): Promise<void> {
  const data = { ...asker, fields, question: 'search' as const, rows, queriedAt: operator.terminal.clock.now() };
  await recordAuditing(await stores.eventStore(), { type: 'AuditTrailQueried', data });
}
