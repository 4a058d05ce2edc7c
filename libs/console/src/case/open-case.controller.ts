import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Clock } from '#libs/vocabulary';
import { PageError } from '#libs/web-ui';
import { ConsoleSessions } from '../door/console-session.ts';
import { ForRole, WhoAsks } from '../door/for-role.ts';
import { pageOfConsole } from '../door/not-signed-in.ts';
import type { SignedIn } from '../door/route-roles.ts';
import { caseIn } from './case-fields.ts';

/** For which case, and why, everything is asked from here on: said once, kept for the session, in every event of it. */
@Controller('console/case')
export class OpenCaseController {
  constructor(
    private readonly sessions: ConsoleSessions,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ForRole('auditor')
  goOn(@Res() response: Response): void {
    response.redirect(303, '/console');
  }

  @Post()
  @ForRole('auditor')
  async open(
    @WhoAsks() asker: SignedIn,
    @Body() form: Readonly<Record<string, string>>,
    @Res() response: Response,
  ): Promise<void> {
    const given = caseIn(form);
    if (given === null) throw new PageError(400, 'console.badCase');
    await this.sessions.openCase(asker.sessionId, given, this.clock.now());
    response.redirect(303, pageOfConsole(form['back']));
  }
}
