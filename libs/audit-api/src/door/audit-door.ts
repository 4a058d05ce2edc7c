import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { recordAuditing, RefusalsRecorded } from '#libs/audit';
import { EventStore } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import { bearerTokenIn, discardRest, sendProblem } from '#libs/web-ui';
import { AuditClients, AuditNotAuthorised } from '../settings.ts';
import type { AuditScope } from '../settings.ts';
import { problemOf } from './problems.ts';

/** What is asked for, by which name it stands in the record, and what a program must be allowed for it. */
export interface Entry {
  readonly scope: AuditScope;
  readonly asked: 'search' | 'message-timeline' | 'person-timeline' | 'proof' | 'feed' | 'export' | 'ledger';
}

/** Every request comes in here: who is not allowed is refused, and recorded when it is known who that is. */
@Injectable()
export class AuditDoor {
  private readonly refusals = new RefusalsRecorded();

  constructor(
    private readonly clients: AuditClients,
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /** What is foreseen is answered here as a problem; the rest goes to the filter of the whole app. */
  async serve(
    request: Request,
    response: Response,
    entry: Entry,
    answer: (clientId: string) => Promise<void>,
  ): Promise<void> {
    try {
      response.setHeader('Cache-Control', 'no-store');
      const { clientId } = await this.authorised(request, entry);
      await answer(clientId);
    } catch (error) {
      refuse(request, response, entry, error);
    }
  }

  private async authorised(request: Request, { scope, asked }: Entry): Promise<{ readonly clientId: string }> {
    try {
      const token = bearerTokenIn(request.headers);
      if (token === null) throw new AuditNotAuthorised('invalid_token');
      return await this.clients.authorise(token, scope);
    } catch (error) {
      if (error instanceof AuditNotAuthorised && error.clientId !== null) await this.record(error.clientId, asked);
      throw error;
    }
  }

  private async record(askedBy: string, asked: Entry['asked']): Promise<void> {
    const refusedAt = this.clock.now();
    const othersSince = this.refusals.next(askedBy, refusedAt);
    if (othersSince === null) return;
    const reason = 'insufficient-scope' as const;
    const data = { askedBy, through: 'api' as const, asked, reason, othersSince, refusedAt };
    await recordAuditing(this.store, { type: 'AuditAccessRefused', data });
  }
}

function refuse(request: Request, response: Response, { scope }: Entry, error: unknown): void {
  if (request.destroyed && !request.complete) return; // whoever asked is gone
  const answered = problemOf(error);
  if (answered !== null) {
    const challenge = error instanceof AuditNotAuthorised ? { error: error.error, scope } : undefined;
    return sendProblem(request, response, { ...answered, challenge });
  }
  if (response.headersSent) return void response.destroy(); // half an answer must not look like a whole one
  discardRest(request, response);
  throw error;
}
