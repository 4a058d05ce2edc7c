import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { recordAuditing } from '#libs/audit';
import { EventStore } from '#libs/event-store';
import { PersonDirectory } from '#libs/keyring';
import { Clock } from '#libs/vocabulary';
import { AuditDoor } from '../door/audit-door.ts';
import { AuditApiBusy, AuditRequestRefused, SecondPersonNeeded } from '../door/audit-request-refused.ts';
import { askedFor, askerOf, understood, whyField } from '../door/question.ts';
import { bodyOf } from '../door/read-request.ts';
import { AuditApiSettings } from '../settings.ts';
import { ApprovedExports } from './approved-exports.ts';
import { isBulk } from './bulk-export.ts';
import { checkPlace, exportFields, isOfAll } from './export-question.ts';
import { LedgerExports } from './ledger-exports.ts';

const asked = z
  .strictObject({ ...exportFields, approval: z.string().max(100).optional(), why: whyField })
  .check(checkPlace);

const EXPORTS_AT_ONCE = 2;
const CONTENT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8; header=present' } as const;

/** The record with its proof, streamed. What is cut off has no last line, and can be gone on with from where it ended. */
@Controller('api/v1/audit/exports')
export class AuditExportController {
  private running = 0;

  constructor(
    private readonly door: AuditDoor,
    private readonly exports: LedgerExports,
    private readonly approved: ApprovedExports,
    private readonly persons: PersonDirectory,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: AuditApiSettings,
  ) {}

  @Post()
  async export(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:export', asked: 'export' }, async (clientId) => {
      const given = await bodyOf(request, asked);
      if (given.approval !== undefined) return this.giveApproved(clientId, given, response);
      const { form = 'ndjson', since, fromIndex = 0, approval: _, why, ...question } = given;
      const { filter, nobody } = await understood(question, this.persons);
      // Nothing answers to nobody, so that nothing leaves.
      if (this.settings.exportsTakeTwo && isBulk(filter) && nobody.length === 0) throw new SecondPersonNeeded();
      await this.exports.check(filter, since ?? 0);
      const data = { ...askerOf(clientId, why), ...askedFor(question, { filter }), form };
      await this.oneOfFew(async () => {
        // First what can fail: in the record stands what leaves.
        const lines =
          form === 'ndjson' && isOfAll(question)
            ? await this.exports.all(since ?? 0)
            : await this.exports.selection(nobody.length > 0 ? null : { filter, fromIndex }, form);
        await recordAuditing(this.store, {
          type: 'AuditTrailExported',
          data: { ...data, exportedAt: this.clock.now() },
        });
        await send(response, form, lines);
      });
    });
  }

  /** What was asked for then, and confirmed: a question beside it is one that nobody confirmed. */
  private async giveApproved(clientId: string, given: z.output<typeof asked>, response: Response): Promise<void> {
    const { approval = '', why, ...question } = given;
    const beside = Object.entries({ ...question, ...why }).find(([, value]) => value !== undefined);
    if (beside !== undefined)
      throw new AuditRequestRefused(
        400,
        beside[0],
        `${beside[0]}: stands in what was confirmed; give the approval alone`,
      );
    await this.oneOfFew(async () => {
      const { form, lines } = await this.approved.take(approval, { askedBy: clientId, through: 'api' });
      await send(response, form, lines);
    });
  }

  /** @throws AuditApiBusy */
  private async oneOfFew(work: () => Promise<void>): Promise<void> {
    const most = this.settings.exportsAtOnce ?? EXPORTS_AT_ONCE;
    if (this.running >= most) throw new AuditApiBusy(`${most} exports are under way already`);
    this.running++;
    try {
      await work();
    } finally {
      this.running--;
    }
  }
}

async function send(response: Response, form: 'ndjson' | 'csv', lines: AsyncIterable<string>): Promise<void> {
  response.status(200).type(CONTENT_TYPES[form]);
  response.setHeader('Content-Disposition', `attachment; filename="segl-audit.${form}"`);
  await pipeline(Readable.from(lines, { objectMode: false }), response);
}
