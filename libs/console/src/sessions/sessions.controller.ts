import { Body, Controller, Get, Post, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { AuditTrailThread, recentSignIns, recordAuditing } from '#libs/audit';
import { EndSessions, EndSessionsHandler } from '#libs/compliance';
import { EphemeralStore } from '#libs/ephemeral-store';
import { EventStore } from '#libs/event-store';
import { openSessionsOf } from '#libs/recipient-access';
import { Clock, parsePersonId } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import { mandateOfAct } from '../case/mandate-of-act.ts';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { consolePage } from '../layout/console-page.ts';
import { NamesOfPeople } from '../people/names-of-people.ts';
import { ConsoleSettings } from '../settings.ts';
import { askerAtConsole } from '../trail/ask-trail.ts';
import { wordIn } from '../trail/value-words.ts';

/** Which readers are signed in now; an officer may end all sessions of one. */
@Controller('console/sessions')
export class SessionsController {
  constructor(
    private readonly trail: AuditTrailThread,
    private readonly sessions: EphemeralStore,
    private readonly names: NamesOfPeople,
    private readonly store: EventStore,
    private readonly clock: Clock,
    private readonly settings: ConsoleSettings,
  ) {}

  @Get()
  @Render('console/sessions/sessions')
  @ForRole('officer')
  async all(@WhoAsks() asker: SignedIn) {
    const now = this.clock.now();
    const { personIds, rows, hasMore } = await recentSignIns(this.trail, now);
    const data = {
      ...askerAtConsole(asker),
      fields: ['sessions'],
      question: 'search' as const,
      rows,
      queriedAt: now,
    };
    await recordAuditing(this.store, { type: 'AuditTrailQueried', data });
    const open = [];
    for (const personId of personIds) {
      const sessions = (await openSessionsOf(this.sessions, personId)).map(({ startedAt, method }) => ({
        ...{ startedAt, method, word: wordIn('method', method) ?? '' },
      }));
      if (sessions.length === 0) continue;
      const name = (await this.names.addressOf(personId)) ?? '';
      open.push({ personId, name, sessions, count: sessions.length, id: `end-${personId}` });
    }
    const { seesSessions } = this.settings;
    return { ...consolePage(asker, '/console/sessions'), open, hasMore, seesSessions };
  }

  @Post()
  @ForRole('officer')
  async end(
    @WhoAsks() asker: SignedIn,
    @Body() form: Readonly<Record<string, string | undefined>>,
    @Res() response: Response,
  ): Promise<void> {
    const mandate = mandateOfAct(asker, form);
    const personId = parsePersonId(form['personId'] ?? '');
    if (personId === null) throw new PageError(400);
    const handler = new EndSessionsHandler(this.store, this.sessions, this.clock);
    await handler.execute(new EndSessions(personId, mandate));
    response.redirect(303, '/console/sessions');
  }
}
