import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { LedgerAnswers, recordAuditing } from '#libs/audit';
import { EventStore, ReadModels } from '#libs/event-store';
import type { Asker } from '#libs/audit';
import { Clock } from '#libs/vocabulary';
import { AuditDoor } from '../door/audit-door.ts';
import { AuditRequestRefused } from '../door/audit-request-refused.ts';
import { askerOf, whyFields } from '../door/question.ts';
import { queryOf } from '../door/read-request.ts';
import { Followers } from '../feed/followers.ts';

const place = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, 'is a whole number from 0 on')
  .transform(Number);
const ofInclusion = z.strictObject({ index: place, size: place.optional(), ...whyFields });
const ofConsistency = z.strictObject({ from: place, to: place.optional(), ...whyFields });
const nothing = z.strictObject({});

/** A full tile never changes again (C2SP tlog-tiles). */
const FULL_TILE = 'private, max-age=31536000, immutable';

/** What proves the record over HTTP: proofs one by one, and the whole tree as C2SP tlog-tiles below `/api/v1/audit/log`. */
@Controller('api/v1/audit')
export class AuditProofController {
  private readonly ledger: LedgerAnswers;
  private readonly followers = new Followers();

  constructor(
    private readonly door: AuditDoor,
    private readonly store: EventStore,
    readModels: ReadModels,
    private readonly clock: Clock,
  ) {
    this.ledger = new LedgerAnswers(store, readModels.db);
  }

  @Get('proofs/inclusion')
  async inclusion(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:read', asked: 'proof' }, async (clientId) => {
      const { index, size = this.ledger.size, ...why } = queryOf(request, ofInclusion);
      const proof = await this.ledger.inclusion(index, size);
      if (proof === null) throw notSigned(index < size ? 'size' : 'index', this.ledger.size);
      await this.record(askerOf(clientId, why), ['index', 'size']);
      response.json(proof);
    });
  }

  @Get('proofs/consistency')
  async consistency(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:read', asked: 'proof' }, async (clientId) => {
      const { from, to = this.ledger.size, ...why } = queryOf(request, ofConsistency);
      const proof = this.ledger.consistency(from, to);
      if (proof === null) throw notSigned(from <= to ? 'to' : 'from', this.ledger.size);
      await this.record(askerOf(clientId, why), ['from', 'to']);
      response.json(proof);
    });
  }

  @Get('log/checkpoint')
  async checkpoint(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:read', asked: 'ledger' }, async () => {
      queryOf(request, nothing);
      const note = this.ledger.checkpoint();
      if (note === null) throw new AuditRequestRefused(404, null, 'nothing is signed yet');
      response.type('text/plain; charset=utf-8').send(note);
    });
  }

  @Get('log/tile/*path')
  async tile(
    @Param('path') path: string | string[],
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:export', asked: 'ledger' }, async (clientId) => {
      const name = `tile/${[path].flat().join('/')}`;
      const tile = await this.ledger.tile(name);
      if (tile === null) throw new AuditRequestRefused(404, null, 'there is no such tile under the newest checkpoint');
      await this.recordFollowing(clientId);
      if (!name.includes('.p/')) response.setHeader('Cache-Control', FULL_TILE);
      response.type('application/octet-stream').send(Buffer.from(tile));
    });
  }

  private async record(asker: Asker, fields: string[]): Promise<void> {
    const data = { ...asker, fields, question: 'proof' as const, rows: 1, queriedAt: this.clock.now() };
    await recordAuditing(this.store, { type: 'AuditTrailQueried', data });
  }

  /** Tiles hold no content, and whoever reads them reads them all: an hour of that is one event. */
  private async recordFollowing(clientId: string): Promise<void> {
    const exportedAt = this.clock.now();
    if (!this.followers.isDue(clientId, exportedAt, false)) return;
    const data = { askedBy: clientId, through: 'api' as const, fields: [], form: 'ledger' as const, exportedAt };
    await recordAuditing(this.store, { type: 'AuditTrailExported', data });
  }
}

function notSigned(field: string, size: number): AuditRequestRefused {
  return new AuditRequestRefused(
    400,
    field,
    `${field} is under no checkpoint of this log: the newest is over ${size} events, and size and to are those of a checkpoint`,
  );
}
