import { Controller, Get, Param, Post, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { AuditTrailThread, recordAuditing } from '#libs/audit';
import { ConfirmAct, ConfirmActHandler, DeclineAct, DeclineActHandler, readProposal } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { Clock, parseEventId, parsePersonId } from '#libs/vocabulary';
import type { EventId } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { ReachOfConsole } from '../erase/reach-of-console.ts';
import { consolePage } from '../layout/console-page.ts';
import { NamesOfPeople } from '../people/names-of-people.ts';
import { askerAtConsole } from '../trail/ask-trail.ts';
import { ACT_WORDS } from './act-words.ts';
import { shownExport } from './asked-export.ts';
import { STANDING_WORDS, standingOf } from './standing.ts';

/** The latest of all, whatever became of them. */
const SHOWN = 50;

/** What one officer asks for and another confirms. */
@Controller('console/proposals')
export class ProposalsController {
  constructor(
    private readonly trail: AuditTrailThread,
    private readonly names: NamesOfPeople,
    private readonly reach: ReachOfConsole,
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Render('console/proposals/proposals')
  @ForRole('officer')
  async all(@WhoAsks() asker: SignedIn) {
    const { rows, next } = await this.trail.page({ types: ['ActProposed'] }, { order: 'newest-first', limit: SHOWN });
    const queriedAt = this.clock.now();
    const data = {
      ...askerAtConsole(asker),
      fields: ['types'],
      question: 'search' as const,
      rows: rows.length,
      queriedAt,
    };
    await recordAuditing(this.store, { type: 'AuditTrailQueried', data });
    const proposals = [];
    for (const { stream } of rows) {
      const proposalId = parseEventId(stream.slice(stream.indexOf('-') + 1));
      if (proposalId !== null) proposals.push(await this.shown(asker, proposalId));
    }
    return { ...consolePage(asker, '/console/proposals'), proposals, hasMore: next !== null };
  }

  /** Addresses of forms: whoever comes there by a link goes on. */
  @Get(':id/confirm')
  @ForRole('officer')
  goOnFromConfirm(@Res() response: Response): void {
    response.redirect(303, '/console/proposals');
  }

  @Get(':id/decline')
  @ForRole('officer')
  goOnFromDecline(@Res() response: Response): void {
    response.redirect(303, '/console/proposals');
  }

  @Post(':id/confirm')
  @ForRole('officer')
  async confirm(@WhoAsks() asker: SignedIn, @Param('id') id: string, @Res() response: Response): Promise<void> {
    const handler = new ConfirmActHandler(this.store, this.reach, this.clock);
    await handler.execute(new ConfirmAct(proposalIn(id), asker.personId));
    response.redirect(303, '/console/proposals');
  }

  @Post(':id/decline')
  @ForRole('officer')
  async decline(@WhoAsks() asker: SignedIn, @Param('id') id: string, @Res() response: Response): Promise<void> {
    await new DeclineActHandler(this.store, this.clock).execute(new DeclineAct(proposalIn(id), asker.personId));
    response.redirect(303, '/console/proposals');
  }

  private async shown(asker: SignedIn, proposalId: EventId) {
    const proposal = await readProposal(this.store, proposalId);
    if (proposal.status === 'unknown') throw new PageError(503); // the trail names it, and the store does not have it
    const { act, messages = [], personId, mandate, proposedAt, expiresAt } = proposal;
    const standing = standingOf(proposal, this.clock.now());
    const by = parsePersonId(mandate.by);
    const isMine = mandate.by === asker.personId;
    const isWaiting = standing === 'open' || standing === 'confirmed';
    return {
      ...{ proposalId, act: ACT_WORDS[act], standing: STANDING_WORDS[standing], proposedAt, expiresAt },
      messages: messages.map(({ messageId }) => messageId),
      hasPerson: personId !== undefined,
      personId: personId ?? '',
      exported: proposal.export === undefined ? null : await shownExport(proposal.export, this.names),
      isForProgram: proposal.export?.through === 'api',
      person: (personId === undefined ? null : await this.names.addressOf(personId)) ?? '',
      by: (by === null ? null : await this.names.addressOf(by)) ?? mandate.by,
      caseNumber: mandate.caseNumber ?? '',
      reason: mandate.reason ?? '',
      ...{ mayConfirm: isWaiting && !isMine, mayDecline: standing === 'open', isMine: isMine && isWaiting },
      mayTake: isMine && standing === 'approved',
    };
  }
}

function proposalIn(text: string): EventId {
  const proposalId = parseEventId(text);
  if (proposalId === null) throw new PageError(404);
  return proposalId;
}
