import { Body, Controller, Get, Param, Post, Query, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { BadAuditQuery, recordAuditing } from '#libs/audit';
import { ApprovedExports, AuditRequestRefused, LedgerExports } from '#libs/audit-api';
import { readProposal } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { PersonDirectory } from '#libs/keyring';
import { Clock, parseEventId } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import { requiredCaseIn } from '../case/required-case.ts';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { Case } from '../door/console-session.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { askedIn, faultsOf, understandQuestion } from '../search/question.ts';
import type { Asked, Faults } from '../search/question.ts';
import { questionForm } from '../search/question-form.ts';
import { ConsoleSettings } from '../settings.ts';
import { askerAtConsole } from '../trail/ask-trail.ts';
import { ExportsForTwo } from './exports-for-two.ts';
import { SendLines } from './send-lines.ts';

type Form = Readonly<Record<string, string>>;

/** The record, or what answers to a question, as a file with its proof. In the record before the first byte leaves. */
@Controller('console/export')
export class ExportController {
  constructor(
    private readonly exports: LedgerExports,
    private readonly forTwo: ExportsForTwo,
    private readonly approved: ApprovedExports,
    private readonly sending: SendLines,
    private readonly persons: PersonDirectory,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Render('console/export/export')
  @ForRole('auditor')
  page(@WhoAsks() asker: SignedIn, @Query() query: Readonly<Record<string, unknown>>) {
    return this.view(asker, askedIn(query), asker.openCase);
  }

  @Post()
  @ForRole('auditor')
  async export(@WhoAsks() asker: SignedIn, @Body() given: Form, @Res() response: Response): Promise<void> {
    const asked = askedIn(given);
    const form = given['form'] === 'csv' ? 'csv' : 'ndjson';
    const forCase = requiredCaseIn(given);
    if (forCase === null) return this.refuse(response, asker, asked, given, {}, true);
    const question = await understandQuestion(asked, this.persons, this.settings.timeZone);
    if ('faults' in question) return this.refuse(response, asker, asked, given, question.faults);
    const { filter, about, nobody } = question;
    // Nothing answers to nobody, so that nothing leaves.
    const takesTwo = this.forTwo.concerns(filter) && nobody.length === 0;
    if (takesTwo && filter.words !== undefined)
      return this.refuse(response, asker, asked, given, { words: 'console.faults.wordsStay' });
    try {
      await this.exports.check(filter, 0);
      if (takesTwo) await this.forTwo.propose(asker, filter, form, forCase);
    } catch (error) {
      if (!(error instanceof BadAuditQuery || error instanceof AuditRequestRefused)) throw error;
      return this.refuse(response, asker, asked, given, faultsOf(error));
    }
    if (takesTwo) {
      const view = await this.view(asker, {}, asker.openCase ?? {});
      return response.render('console/export/export', { ...view, isProposed: true });
    }
    await this.sending.send(response, { name: 'segl-audit', form }, async () => {
      // First what can fail: in the record stands what leaves.
      const lines =
        form === 'ndjson' && Object.keys(asked).length === 0
          ? await this.exports.all(0)
          : await this.exports.selection(nobody.length > 0 ? null : { filter, fromIndex: 0 }, form);
      const who = { ...askerAtConsole(asker), ...forCase };
      const data = { ...who, ...about, form, exportedAt: this.clock.now() } as const;
      await recordAuditing(this.store, { type: 'AuditTrailExported', data });
      return lines;
    });
  }

  /** What an officer confirmed, as it was asked for: the form brings its id alone. */
  @Post(':id/take')
  @ForRole('auditor')
  async take(@WhoAsks() asker: SignedIn, @Param('id') id: string, @Res() response: Response): Promise<void> {
    const proposalId = parseEventId(id);
    if (proposalId === null) throw new PageError(404);
    const proposal = await readProposal(this.store, proposalId);
    const form = (proposal.status === 'unknown' ? undefined : proposal.export?.form) ?? 'ndjson';
    await this.sending.send(response, { name: 'segl-audit', form }, async () => {
      const who = { askedBy: asker.personId, through: 'console' } as const;
      return (await this.approved.take(proposalId, who)).lines;
    });
  }

  @Get(':id/take')
  @ForRole('auditor')
  goOnFromTake(@Res() response: Response): void {
    response.redirect(303, '/console/export');
  }

  private async refuse(response: Response, ...view: Parameters<ExportController['view']>): Promise<void> {
    response.status(400);
    response.render('console/export/export', await this.view(...view));
  }

  private async view(
    asker: SignedIn,
    asked: Asked,
    { caseNumber = '', reason = '' }: Partial<Case>,
    faults: Faults = {},
    isCaseMissing = false,
  ) {
    const form = questionForm(asked, faults);
    return {
      ...consolePage(asker, '/console/export'),
      ...{ form, caseNumber, reason, isCaseMissing, zone: this.settings.timeZone },
      ...{ takesTwo: this.forTwo.isOn, isProposed: false, ...(await this.forTwo.of(asker)) },
    };
  }
}
