import { readState } from '#libs/event-store';
import type { EventStore, Fold } from '#libs/event-store';
import { DomainError, plusSeconds } from '#libs/vocabulary';
import type { Instant, Mandate } from '#libs/vocabulary';
import { proposalEvents, proposalStream } from './proposal-events.ts';
import type { ExportAsked, ProposalEvent, ProposalId, ProposedAct } from './proposal-events.ts';

/** 3 days: over a weekend, and short enough that what was looked at is still what is there. */
export const PROPOSAL_SECONDS = 3 * 24 * 3600;

interface Made extends ProposedAct {
  readonly mandate: Mandate;
  readonly proposedAt: Instant;
  readonly expiresAt: Instant;
}

/** One officer's wish, and what became of it. */
export type Proposal =
  | { readonly status: 'unknown' }
  | ({ readonly status: 'open' | 'declined' } & Made)
  | ({
      readonly status: 'confirmed' | 'carried-out';
      readonly confirmedBy: string;
      readonly confirmedAt: Instant;
    } & Made);

export const proposals: Fold<Proposal, ProposalEvent> = {
  events: proposalEvents.events,
  initialState: () => ({ status: 'unknown' }),
  evolve(state, event) {
    switch (event.type) {
      case 'ActProposed': {
        const { by, caseNumber, reason, ...made } = event.data;
        const why = { ...(caseNumber !== undefined && { caseNumber }), ...(reason !== undefined && { reason }) };
        return state.status === 'unknown' ? { ...made, status: 'open', mandate: { by, ...why } } : state;
      }
      case 'ActConfirmed':
        return state.status === 'open'
          ? { ...state, status: 'confirmed', confirmedBy: event.data.by, confirmedAt: event.data.confirmedAt }
          : state;
      case 'ActDeclined':
        return state.status === 'open' ? { ...state, status: 'declined' } : state;
      case 'ActCarriedOut':
        return state.status === 'confirmed' ? { ...state, status: 'carried-out' } : state;
      default:
        event satisfies never;
        return state;
    }
  },
};

/** There is no such proposal, or it is not open any more: declined, done, or nobody confirmed it in time. */
export class NotOpenToConfirm extends DomainError {
  constructor(readonly why: 'unknown' | 'declined' | 'carried-out' | 'lapsed' | 'confirmed') {
    super('not-open-to-confirm', `that proposal is ${why}`);
  }
}

/** Who proposed it cannot confirm it: it takes two. */
export class SamePersonConfirms extends DomainError {
  constructor() {
    super('same-person-confirms', 'who proposed it cannot confirm it: another officer must');
  }
}

export function proposeAct(state: Proposal, act: ProposedAct, mandate: Mandate, now: Instant): ProposalEvent[] {
  if (state.status !== 'unknown') return [];
  const expiresAt = plusSeconds(now, PROPOSAL_SECONDS);
  return [{ type: 'ActProposed', data: { ...act, ...mandate, proposedAt: now, expiresAt } }];
}

/**
 * One that is confirmed already is no event: its carrying out broke off and is gone on with, by any officer but who proposed it, for three days more:
 * what stood in the way (a legal hold) may be gone in years, and then it is to be asked for anew.
 * @throws NotOpenToConfirm, SamePersonConfirms
 */
export function confirmAct(state: Proposal, by: string, now: Instant): ProposalEvent[] {
  if (state.status !== 'open' && state.status !== 'confirmed') throw new NotOpenToConfirm(state.status);
  if (state.mandate.by === by) throw new SamePersonConfirms();
  if (now >= lastMomentOf(state)) throw new NotOpenToConfirm('lapsed');
  if (state.status === 'confirmed') return [];
  return [{ type: 'ActConfirmed', data: { act: state.act, by, confirmedAt: now } }];
}

/** Until when it may be confirmed, or, confirmed, gone on with. */
export function lastMomentOf(proposal: Exclude<Proposal, { status: 'unknown' }>): Instant {
  return proposal.status === 'confirmed' ? plusSeconds(proposal.confirmedAt, PROPOSAL_SECONDS) : proposal.expiresAt;
}

/** By anybody who may confirm, and by who proposed it. Again is no event. @throws NotOpenToConfirm */
export function declineAct(state: Proposal, by: string, now: Instant): ProposalEvent[] {
  if (state.status === 'declined') return [];
  if (state.status !== 'open') throw new NotOpenToConfirm(state.status);
  return [{ type: 'ActDeclined', data: { act: state.act, by, declinedAt: now } }];
}

/** Nobody may take this export away: it is another's, or none; or it is not confirmed, not any more, or was taken. */
export class ExportNotApproved extends DomainError {
  constructor(readonly why: 'unknown' | 'open' | 'declined' | 'lapsed' | 'carried-out') {
    super('export-not-approved', WHY_NOT[why]);
  }
}

const WHY_NOT = {
  unknown: 'there is no such approval of yours',
  open: 'no officer has confirmed it yet',
  declined: 'it was declined',
  lapsed: 'its time is over: ask for it again',
  'carried-out': 'it was taken already, and is good once: ask for it again',
} as const;

/** An export that was confirmed is taken once, by who asked for it, where they asked for it, before it lapses. @throws ExportNotApproved */
export function takeExport(
  state: Proposal,
  { by, through }: { readonly by: string } & Pick<ExportAsked, 'through'>,
  now: Instant,
): ProposalEvent[] {
  // Whose it is comes first: to others it is not there.
  if (state.status === 'unknown' || state.mandate.by !== by || state.export?.through !== through)
    throw new ExportNotApproved('unknown');
  const { status, expiresAt } = state;
  if (status === 'declined' || status === 'carried-out') throw new ExportNotApproved(status);
  if (now >= expiresAt) throw new ExportNotApproved('lapsed');
  if (status === 'open') throw new ExportNotApproved('open');
  return noteCarriedOut(state, now);
}

export function noteCarriedOut(state: Proposal, now: Instant): ProposalEvent[] {
  if (state.status !== 'confirmed') return [];
  return [{ type: 'ActCarriedOut', data: { act: state.act, carriedOutAt: now } }];
}

/** @throws EventStoreUnavailable */
export async function readProposal(store: EventStore, proposalId: ProposalId): Promise<Proposal> {
  return (await readState(store, proposalStream(proposalId), proposals)).state;
}
