import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { decideAndAppend } from '#libs/event-store';
import type { EventStore } from '#libs/event-store';
import type { Clock, Mandate } from '#libs/vocabulary';
import { ExportNotApproved, proposals, takeExport } from './proposal.ts';
import { proposalStream } from './proposal-events.ts';
import type { ExportAsked, ProposalId } from './proposal-events.ts';

/** What leaves, exactly as it was asked for, in whose name, and who said yes. */
export interface ApprovedExport {
  readonly asked: ExportAsked;
  readonly mandate: Mandate;
}

/** Who asked for an export takes it, once another has confirmed it. From then on it is used, whatever becomes of the file. */
export class TakeExport extends Command<ApprovedExport> {
  constructor(
    readonly proposalId: ProposalId,
    readonly by: string,
    readonly through: ExportAsked['through'],
  ) {
    super();
  }
}

@CommandHandler(TakeExport)
export class TakeExportHandler implements ICommandHandler<TakeExport> {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** Of two who take it at once, one does. @throws ExportNotApproved, EventStoreUnavailable, TooMuchContention */
  async execute({ proposalId, by, through }: TakeExport): Promise<ApprovedExport> {
    const { state } = await decideAndAppend(this.store, proposalStream(proposalId), proposals, (proposal) =>
      takeExport(proposal, { by, through }, this.clock.now()),
    );
    if (state.status !== 'carried-out' || state.export === undefined) throw new ExportNotApproved('unknown');
    return { asked: state.export, mandate: { ...state.mandate, approvedBy: state.confirmedBy } };
  }
}
