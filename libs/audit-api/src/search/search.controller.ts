import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { AuditTrailThread, auditTrail, messageTimeline, personTimeline, recordAuditing } from '#libs/audit';
import type { AskedFor, Asker, AuditPage, AuditQuestionKind, AuditRow, Timeline } from '#libs/audit';
import { EventStore, ProjectionRunner } from '#libs/event-store';
import { PersonDirectory } from '#libs/keyring';
import { Clock } from '#libs/vocabulary';
import { AuditDoor } from '../door/audit-door.ts';
import { AuditRequestRefused } from '../door/audit-request-refused.ts';
import { bodyOf, queryOf } from '../door/read-request.ts';
import {
  askedFor,
  askerOf,
  messageField,
  pagingFields,
  questionFields,
  understood,
  whyField,
  whyFields,
} from '../door/question.ts';
import { Shown } from './shown-rows.ts';

const personal = z.boolean().default(true);
const search = z.strictObject({ ...questionFields, ...pagingFields, why: whyField, personal });
const ofPerson = z.strictObject({ person: questionFields.person.unwrap(), ...pagingFields, why: whyField, personal });
const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'is not a whole number')
  .transform(Number);
const ofMessage = z.strictObject({
  ...pagingFields,
  limit: whole.optional(),
  personal: z.enum(['true', 'false']).default('true'),
  ...whyFields,
});

const NOTHING = { next: null, previous: null, isWhole: true } as const;
const NO_ROWS: AuditPage = { rows: [], ...NOTHING };
const NO_ENTRIES: Timeline = { entries: [], ...NOTHING };

/** What happened, for programs that may ask. Whom a question is about stands in no address of a page, and so in no proxy's log. */
@Controller('api/v1/audit')
export class AuditSearchController {
  constructor(
    private readonly door: AuditDoor,
    private readonly trail: AuditTrailThread,
    private readonly persons: PersonDirectory,
    private readonly store: EventStore,
    private readonly projections: ProjectionRunner,
    private readonly clock: Clock,
  ) {}

  @Post('search')
  async search(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:read', asked: 'search' }, async (clientId) => {
      const { order, limit, after, before, why, personal: isPersonal, ...question } = await bodyOf(request, search);
      const { filter, nobody } = await understood(question, this.persons);
      const paging = { order, limit, after, before };
      // Asked in either case, so that what cannot be asked is refused.
      const asked = await this.trail.page(filter, paging);
      const { rows, ...page } = nobody.length > 0 ? NO_ROWS : asked;
      await this.record(askerOf(clientId, why), askedFor(question, { filter }), 'search', rows.length);
      const shown = await new Shown(this.trail, this.persons, isPersonal).rows(rows);
      response.status(200).json({ rows: shown, ...this.page(page), ...(nobody.length > 0 && { nobody }) });
    });
  }

  @Get('messages/:messageId/timeline')
  async ofMessage(
    @Param('messageId') given: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:read', asked: 'message-timeline' }, async (clientId) => {
      const message = messageField.safeParse(given).data;
      if (message === undefined) throw new AuditRequestRefused(400, 'messageId', 'messageId is not a message id');
      const { personal: isPersonal, caseNumber, reason, ...paging } = queryOf(request, ofMessage);
      const timeline = await messageTimeline(this.trail, message, paging);
      const asker = askerOf(clientId, { caseNumber, reason });
      await this.record(
        asker,
        { fields: ['message'], messageId: message },
        'message-timeline',
        timeline.entries.length,
      );
      await this.show(response, timeline, isPersonal === 'true');
    });
  }

  @Post('persons/timeline')
  async ofPerson(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.door.serve(request, response, { scope: 'audit:read', asked: 'person-timeline' }, async (clientId) => {
      const { person, why, personal: isPersonal, ...paging } = await bodyOf(request, ofPerson);
      const { filter, nobody } = await understood({ person }, this.persons);
      const { personId } = filter;
      if (personId === undefined) await this.trail.page({}, paging); // so that what cannot be asked is refused
      const timeline = personId === undefined ? NO_ENTRIES : await personTimeline(this.trail, personId, paging);
      const about = askedFor({ person }, { filter });
      await this.record(askerOf(clientId, why), about, 'person-timeline', timeline.entries.length);
      await this.show(response, timeline, isPersonal, nobody);
    });
  }

  private async show(
    response: Response,
    { entries, ...page }: Timeline,
    isPersonal: boolean,
    nobody: readonly string[] = [],
  ): Promise<void> {
    const shown = new Shown(this.trail, this.persons, isPersonal);
    // All at once, and each once: a question for each entry would be more than may wait.
    const all = entries.flatMap(({ row, signIn, challenge }) => [
      row,
      ...(signIn === null ? [] : [signIn]),
      ...challenge,
    ]);
    const distinct = [...new Map(all.map((row) => [row.eventId, row])).values()];
    const shownRows = new Map((await shown.rows(distinct)).map((row) => [row.eventId, row]));
    const of = (row: AuditRow) => shownRows.get(row.eventId);
    response.status(200).json({
      entries: entries.map(({ row, signIn, challenge }) => ({
        row: of(row),
        signIn: signIn === null ? null : of(signIn),
        challenge: challenge.map(of),
      })),
      ...this.page(page),
      ...(nobody.length > 0 && { nobody }),
    });
  }

  /** What is left, and how far behind the record the trail is. */
  private page({ next, previous, isWhole }: Omit<AuditPage, 'rows'>) {
    const trail = this.projections.status().find(({ name }) => name === auditTrail.name);
    const { isCaughtUp = false, lagSeconds = 0, stop = null } = trail ?? {};
    return {
      ...{ next, previous, isWhole, hasMore: next !== null || !isWhole },
      trail: { isCaughtUp, lagSeconds: Math.round(lagSeconds), isStopped: stop !== null },
    };
  }

  /** Durable before a row leaves. */
  private async record(asker: Asker, about: AskedFor, question: AuditQuestionKind, rows: number): Promise<void> {
    const data = { ...asker, ...about, question, rows, queriedAt: this.clock.now() };
    await recordAuditing(this.store, { type: 'AuditTrailQueried', data });
  }
}
