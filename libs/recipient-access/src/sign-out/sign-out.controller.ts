import { Body, Controller, Get, Post, Render, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Clock } from '#libs/vocabulary';
import { forgetBrowser, KnownBrowser } from '#libs/web-ui';
import type { Browser } from '#libs/web-ui';
import { mayEndOthers, PortalSessions } from '../portal-session.ts';

@Controller()
export class SignOutController {
  constructor(
    private readonly sessions: PortalSessions,
    private readonly clock: Clock,
  ) {}

  /** Nobody is signed out by a link; the start page goes on. */
  @Get('sign-out')
  goOn(@Res() response: Response): void {
    response.redirect(303, '/');
  }

  @Post('sign-out')
  async signOut(
    @KnownBrowser() browser: Browser | null,
    @Body('everywhere') everywhere: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (browser !== null) await this.end(browser.sessionId, everywhere === 'yes');
    forgetBrowser(request);
    // Not "cookies": those of every other host below the same domain would go too (Clear Site Data, 3.1.2); ours was taken back above.
    response.setHeader('Clear-Site-Data', '"cache", "storage"');
    response.redirect(303, '/signed-out');
  }

  private async end(sessionId: string, everywhere: boolean): Promise<void> {
    const now = this.clock.now();
    const session = everywhere ? await this.sessions.touch(sessionId, now) : null;
    if (session !== null && mayEndOthers(session, now)) await this.sessions.endEverywhere(sessionId, session);
    else await this.sessions.end(sessionId);
  }

  @Get('signed-out')
  @Render('recipient-access/sign-out/signed-out')
  signedOut() {
    return {};
  }
}
