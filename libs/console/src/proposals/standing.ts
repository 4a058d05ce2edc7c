import { lastMomentOf } from '#libs/compliance';
import type { Proposal } from '#libs/compliance';
import type { Instant } from '#libs/vocabulary';
import type { TextKey } from '#libs/web-ui';

/** How a request stands now. `approved` is an export that who asked for it may take. */
export type Standing =
  'open' | 'lapsed' | 'confirmed' | 'approved' | 'not-taken' | 'declined' | 'carried-out' | 'taken';

export const STANDING_WORDS = {
  open: 'console.proposals.standings.open',
  lapsed: 'console.proposals.standings.lapsed',
  confirmed: 'console.proposals.standings.confirmed',
  approved: 'console.proposals.standings.approved',
  'not-taken': 'console.proposals.standings.notTaken',
  declined: 'console.proposals.standings.declined',
  'carried-out': 'console.proposals.standings.carriedOut',
  taken: 'console.proposals.standings.taken',
} as const satisfies Record<Standing, TextKey>;

export function standingOf(proposal: Exclude<Proposal, { status: 'unknown' }>, now: Instant): Standing {
  const { status, act, expiresAt } = proposal;
  if (status === 'open') return now >= expiresAt ? 'lapsed' : 'open';
  if (status === 'confirmed' && act !== 'export') return now >= lastMomentOf(proposal) ? 'lapsed' : 'confirmed';
  if (act !== 'export' || status === 'declined') return status;
  if (status === 'carried-out') return 'taken';
  return now >= expiresAt ? 'not-taken' : 'approved';
}
