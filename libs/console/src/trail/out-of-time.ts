import type { AuditRow } from '#libs/audit';
import { secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';

/** 5 s: clocks of several machines differ by less, where they are set at all. */
const CLOCKS_DIFFER_SECONDS = 5;

/**
 * Which of these events was recorded after one whose time is later: a clock was set back between them. The record keeps the order in
 * which it was written, whatever the clocks said; the page says so, since its times then run backwards.
 *
 * @param timeBefore of what was recorded before the earliest of them, on the page before or after this one
 */
export function isOutOfTime(
  rows: readonly Pick<AuditRow, 'sequence' | 'time'>[],
  timeBefore?: Instant,
): (row: Pick<AuditRow, 'sequence'>) => boolean {
  const inOrder = rows.toSorted((a, b) => a.sequence - b.sequence);
  const late = new Set<number>();
  for (const [n, { sequence, time }] of inOrder.entries()) {
    const before = n === 0 ? timeBefore : inOrder[n - 1]?.time;
    if (before !== undefined && secondsBetween(time, before) > CLOCKS_DIFFER_SECONDS) late.add(sequence);
  }
  return ({ sequence }) => late.has(sequence);
}
