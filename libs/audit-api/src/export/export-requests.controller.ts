import { Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { AuditTrailThread } from '#libs/audit';
import { PROPOSAL_SECONDS, ProposeAct, ProposeActHandler } from '#libs/compliance';
import type { ProposedAct } from '#libs/compliance';
import { EventStore } from '#libs/event-store';
import { PersonDirectory } from '#libs/keyring';
import { Clock, plusSeconds } from '#libs/vocabulary';
import type { Mandate } from '#libs/vocabulary';
import { AuditDoor } from '../door/audit-door.ts';
import { AuditRequestRefused } from '../door/audit-request-refused.ts';
import { understood, whyFields } from '../door/question.ts';
import { bodyOf } from '../door/read-request.ts';
import { isBulk, questionForRecord } from './bulk-export.ts';
import { checkPlace, exportFields } from './export-question.ts';
import { LedgerExports } from './ledger-exports.ts';

const asked = z
  .strictObject({
    ...exportFields,
    why: z.strictObject({ caseNumber: whyFields.caseNumber.unwrap(), reason: whyFields.reason.unwrap() }),
  })
  .check(checkPlace);

/** Of one program within the three days that a request lives: the console shows the latest 50 of all, and nobody's may be hidden behind another's. */
const REQUESTS_AT_MOST = 20;

/** Where a program asks for an export that takes two: an officer confirms it at the console, and the program then takes it, once. */
@Controller('api/v1/audit/exports/requests')
export class ExportRequestsController {
  constructor(
    private readonly door: AuditDoor,
    private readonly exports: LedgerExports,
    private readonly trail: AuditTrailThread,
    private readonly persons: PersonDirectory,
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  @Post()
  async ask(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:export', asked: 'export' }, async (clientId) => {
      const { form = 'ndjson', since, fromIndex, why, ...given } = await bodyOf(request, asked);
      const { filter, nobody } = await understood(given, this.persons);
      const [unknown] = nobody;
      // A question without a field that it was to have would be confirmed as one for more.
      if (unknown !== undefined) throw new AuditRequestRefused(400, unknown, `${unknown}: nobody is known by that`);
      if (!isBulk(filter))
        throw new AuditRequestRefused(400, 'message', 'message: an export of one message needs no second person');
      const mandate: Mandate = { by: clientId, ...why };
      const question = questionForRecord(filter);
      await this.exports.check(filter, since ?? 0);
      await this.checkNumber(clientId);
      const place = { ...(since !== undefined && { since }), ...(fromIndex !== undefined && { fromIndex }) };
      const act: ProposedAct = { act: 'export', export: { through: 'api', form, ...place, question } };
      const expiresAt = plusSeconds(this.clock.now(), PROPOSAL_SECONDS);
      const approval = await new ProposeActHandler(this.store, this.clock).execute(new ProposeAct(act, mandate));
      response.status(202).json({ approval, expiresAt });
    });
  }

  /** @throws AuditRequestRefused 409 */
  private async checkNumber(clientId: string): Promise<void> {
    const from = plusSeconds(this.clock.now(), -PROPOSAL_SECONDS);
    const { rows } = await this.trail.page({ types: ['ActProposed'], from }, { order: 'newest-first', limit: 1000 });
    if (rows.filter(({ data }) => data['by'] === clientId).length < REQUESTS_AT_MOST) return;
    throw new AuditRequestRefused(
      409,
      null,
      `a program asks for ${REQUESTS_AT_MOST} exports within three days at most`,
    );
  }
}
