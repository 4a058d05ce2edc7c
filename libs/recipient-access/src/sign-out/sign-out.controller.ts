import { Controller, Get, Post, Render, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { forgetBrowser, KnownBrowser } from '#libs/web-ui';
import type { Browser } from '#libs/web-ui';
import { PortalSessions } from '../portal-session.ts';

@Controller()
export class SignOutController {
  constructor(private readonly sessions: PortalSessions) {}

  @Post('sign-out')
  async signOut(
    @KnownBrowser() browser: Browser | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (browser !== null) await this.sessions.end(browser.sessionId);
    forgetBrowser(request);
    response.redirect(303, '/signed-out');
  }

  @Get('signed-out')
  @Render('recipient-access/sign-out/signed-out')
  signedOut() {
    return {};
  }
}
