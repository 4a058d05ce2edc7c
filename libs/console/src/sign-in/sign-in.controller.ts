import { Controller, Get, Headers, Post, Query, Render, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { OwnBridgeUnavailable } from '#libs/oidc-bridge';
import {
  BrowserSession,
  forgetBrowser,
  KnownBrowser,
  PageError,
  RequestLocale,
  RequestNetwork,
  rotateBrowserSession,
} from '#libs/web-ui';
import type { Browser, ClientNetwork, Locale } from '#libs/web-ui';
import { ConsoleSessions } from '../door/console-session.ts';
import { ForAnybody } from '../door/for-role.ts';
import { pageOfConsole } from '../door/not-signed-in.ts';
import { ConsoleSettings } from '../settings.ts';
import { BridgeOfConsole, ConsoleSignInRefused } from './bridge-client.ts';
import { ConsoleSignIns } from './console-sign-ins.ts';
import { EnterConsole } from './enter-console.ts';

const SIGN_IN_PAGE = 'console/sign-in/sign-in';

/** The way in, to the bridge and back, and the way out. */
@Controller('console')
export class ConsoleSignInController {
  constructor(
    private readonly attempts: ConsoleSignIns,
    private readonly bridge: BridgeOfConsole,
    private readonly entry: EnterConsole,
    private readonly sessions: ConsoleSessions,
    private readonly settings: ConsoleSettings,
  ) {}

  @Get('sign-in')
  @Render(SIGN_IN_PAGE)
  @ForAnybody()
  page(@Query('back') back: unknown, @Query('ended') ended: unknown) {
    return this.view(pageOfConsole(back), ended === 'yes' ? 'console.signIn.ended' : null);
  }

  /** A link, as at the portal: from a form a browser would not follow to another site (form-action 'self'). */
  @Get('sign-in/begin')
  @ForAnybody()
  async begin(
    @Query('back') back: unknown,
    @BrowserSession() browser: Browser,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Headers('sec-fetch-site') cameFrom: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    // Another site cannot begin a sign-in here, as at the portal (threats.md A5).
    if (cameFrom === 'cross-site' || cameFrom === 'same-site') return response.redirect(303, '/console/sign-in');
    const attempt = await this.attempts.begin(browser.id, network.prefix, pageOfConsole(back));
    response.redirect(303, (await this.bridge.begin(attempt, browser.id, locale)).href);
  }

  /** Back from the bridge: good once, in the browser that began. */
  @Get('signed-in')
  @ForAnybody()
  async signedIn(
    @KnownBrowser() browser: Browser | null,
    @RequestNetwork() network: ClientNetwork,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const answer = new URL(request.originalUrl, 'http://here').searchParams;
    const claimed = browser === null ? null : await this.attempts.claim(answer.get('state') ?? '', browser.id);
    if (browser === null || claimed === null) return this.again(response);
    const { back } = claimed.attempt;
    if (claimed.status === 'again') return response.redirect(303, back);
    try {
      const account = await this.bridge.finish(answer, claimed.attempt);
      const isIn = await this.entry.enter(account, () => rotateBrowserSession(request));
      if (!isIn) throw new PageError(403, 'console.noRoleAtAll');
    } catch (error) {
      // Not their fault, and answered "come back": the same answer is good once more, so that a page that is loaded again goes on.
      if (error instanceof OwnBridgeUnavailable) await this.attempts.giveBack(browser.id, claimed.attempt);
      if (!(error instanceof ConsoleSignInRefused)) throw error;
      return this.again(response, back);
    }
    await this.sessions.end(browser.sessionId);
    await this.attempts.noteSuccess(browser.id, network.prefix);
    response.redirect(303, back);
  }

  /** Nobody is signed out by a link. */
  @Get('sign-out')
  @ForAnybody()
  goOn(@Res() response: Response): void {
    response.redirect(303, '/console');
  }

  @Post('sign-out')
  @ForAnybody()
  async signOut(
    @KnownBrowser() browser: Browser | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (browser !== null) await this.sessions.end(browser.sessionId);
    forgetBrowser(request);
    response.redirect(303, '/console/signed-out');
  }

  @Get('signed-out')
  @Render('console/sign-in/signed-out')
  @ForAnybody()
  signedOut() {
    return {};
  }

  private again(response: Response, back = '/console'): void {
    response.status(400);
    response.render(SIGN_IN_PAGE, this.view(back, 'console.signIn.again'));
  }

  private view(back: string, notice: 'console.signIn.ended' | 'console.signIn.again' | null) {
    const { sessionIdleSeconds, sessionMaxSeconds, hasAccounts } = this.settings;
    return { back, notice, hasAccounts, idleMinutes: sessionIdleSeconds / 60, maxHours: sessionMaxSeconds / 3600 };
  }
}
