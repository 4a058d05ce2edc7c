import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { decideAndAppend } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import { newEventId } from '#libs/vocabulary';
import type { Clock, Mandate } from '#libs/vocabulary';
import { EraseSubject, EraseSubjectHandler } from '../erase-subject/erase-subject.ts';
import type { ErasureReach } from '../erase-subject/erase-subject.ts';
import { LiftHold, LiftHoldHandler } from '../hold-subject/hold-subject.ts';
import { RevokeMessages, RevokeMessagesHandler } from '../revoke-messages/revoke-messages.ts';
import { confirmAct, declineAct, noteCarriedOut, proposals, proposeAct } from './proposal.ts';
import type { Proposal } from './proposal.ts';
import { proposalStream } from './proposal-events.ts';
import type { ProposalId, ProposedAct } from './proposal-events.ts';

/** Asks for something that takes two. */
export class ProposeAct extends Command<ProposalId> {
  constructor(
    readonly act: ProposedAct,
    readonly mandate: Mandate,
  ) {
    super();
  }
}

@CommandHandler(ProposeAct)
export class ProposeActHandler implements ICommandHandler<ProposeAct> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @throws EventStoreUnavailable */
  async execute({ act, mandate }: ProposeAct): Promise<ProposalId> {
    const proposalId = newEventId();
    const now = this.clock.now();
    await decideAndAppend(this.store, proposalStream(proposalId), proposals, (state) =>
      proposeAct(state, act, mandate, now),
    );
    return proposalId;
  }
}

/** Another officer says yes: it is done, but an export, which who proposed it then takes: in the name of who proposed it, and the record says of each event who approved it. */
export class ConfirmAct extends Command<void> {
  constructor(
    readonly proposalId: ProposalId,
    readonly by: string,
  ) {
    super();
  }
}

@CommandHandler(ConfirmAct)
export class ConfirmActHandler implements ICommandHandler<ConfirmAct> {
  constructor(
    private readonly store: EventStore,
    private readonly reach: ErasureReach,
    private readonly clock: Clock,
  ) {}

  /** May be repeated until it resolves. @throws NotOpenToConfirm, SamePersonConfirms; what the act itself throws */
  async execute({ proposalId, by }: ConfirmAct): Promise<void> {
    const stream = proposalStream(proposalId);
    const { state } = await decideAndAppend(this.store, stream, proposals, (proposal) =>
      confirmAct(proposal, by, this.clock.now()),
    );
    if (state.status !== 'confirmed' || state.act === 'export') return;
    await this.carryOut(state);
    await decideAndAppend(this.store, stream, proposals, (proposal) => noteCarriedOut(proposal, this.clock.now()));
  }

  private async carryOut(proposal: Extract<Proposal, { status: 'confirmed' | 'carried-out' }>): Promise<void> {
    const { act, personId, messages = [], confirmedBy } = proposal;
    const mandate: Mandate = { ...proposal.mandate, approvedBy: confirmedBy };
    switch (act) {
      case 'revoke': {
        const messageIds = messages.map(({ messageId }) => messageId);
        await new RevokeMessagesHandler(this.store, this.clock).execute(new RevokeMessages(messageIds, mandate));
        return;
      }
      case 'erase': {
        if (personId === undefined) return;
        const handler = new EraseSubjectHandler(this.store, this.reach, this.clock);
        await handler.execute(new EraseSubject({ personId }, mandate));
        return;
      }
      case 'lift-hold': {
        const { caseNumber } = mandate;
        if (personId === undefined || caseNumber === undefined) return;
        await new LiftHoldHandler(this.store, this.clock).execute(new LiftHold(personId, { ...mandate, caseNumber }));
        return;
      }
      case 'export':
        return; // TakeExport
      default:
        act satisfies never;
    }
  }
}

/** Another officer says no, or who proposed it takes it back. */
export class DeclineAct extends Command<void> {
  constructor(
    readonly proposalId: ProposalId,
    readonly by: string,
  ) {
    super();
  }
}

@CommandHandler(DeclineAct)
export class DeclineActHandler implements ICommandHandler<DeclineAct> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** @throws NotOpenToConfirm, EventStoreUnavailable */
  async execute({ proposalId, by }: DeclineAct): Promise<void> {
    await decideAndAppend(this.store, proposalStream(proposalId), proposals, (state) =>
      declineAct(state, by, this.clock.now()),
    );
  }
}
