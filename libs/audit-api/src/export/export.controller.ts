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
import { AuditApiBusy } from '../door/audit-request-refused.ts';
import { askedFor, askerOf, questionFields, understood, whyField } from '../door/question.ts';
import type { Question } from '../door/question.ts';
import { bodyOf } from '../door/read-request.ts';
import { AuditApiSettings } from '../settings.ts';
import { LedgerExports } from './ledger-exports.ts';

const asked = z
  .strictObject({
    ...questionFields,
    form: z.enum(['ndjson', 'csv']).default('ndjson'),
    /** Of everything: only what came after a checkpoint of this size. */
    since: z.int().min(0).optional(),
    /** Of a selection: only what stands at this leaf of the ledger or behind it. */
    fromIndex: z.int().min(0).optional(),
    why: whyField,
  })
  .check(({ value, issues }) => {
    const { form, since, fromIndex, why: _, ...question } = value;
    const isSelection = form === 'csv' || Object.values(question).some((field) => field !== undefined);
    const wrong =
      isSelection && since !== undefined ? 'since' : !isSelection && fromIndex !== undefined ? 'fromIndex' : null;
    if (wrong === null) return;
    const message =
      wrong === 'since' ? 'goes with all of the record as NDJSON alone' : 'goes with a selection, or CSV, alone';
    issues.push({ code: 'custom', input: value, path: [wrong], message });
  });

const EXPORTS_AT_ONCE = 2;
const CONTENT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv; charset=utf-8; header=present' } as const;

/** The record with its proof, streamed. What is cut off has no last line, and can be gone on with from where it ended. */
@Controller('api/v1/audit/exports')
export class AuditExportController {
  private running = 0;

  constructor(
    private readonly door: AuditDoor,
    private readonly exports: LedgerExports,
    private readonly persons: PersonDirectory,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: AuditApiSettings,
  ) {}

  @Post()
  async export(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:export', asked: 'export' }, async (clientId) => {
      const { form, since, fromIndex = 0, why, ...question } = await bodyOf(request, asked);
      const { filter, nobody } = await understood(question, this.persons);
      await this.exports.check(filter, since ?? 0);
      const exportedAt = this.clock.now();
      const data = { ...askerOf(clientId, why), ...askedFor(question, { filter }), form, exportedAt };
      await this.oneOfFew(async () => {
        await recordAuditing(this.store, { type: 'AuditTrailExported', data });
        const checkpoint = await this.exports.checkpointNow();
        const lines =
          form === 'ndjson' && isOfAll(question)
            ? this.exports.all(since ?? 0, checkpoint)
            : this.exports.selection(nobody.length > 0 ? null : { filter, fromIndex }, checkpoint, form);
        response.status(200).type(CONTENT_TYPES[form]);
        response.setHeader('Content-Disposition', `attachment; filename="segl-audit.${form}"`);
        await pipeline(Readable.from(lines, { objectMode: false }), response);
      });
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

function isOfAll(question: Question): boolean {
  return Object.values(question).every((field) => field === undefined);
}
