import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Get, Headers, Param, Post, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { Clock } from '#libs/vocabulary';
import { KnownBrowser, RequestNetwork } from '#libs/web-ui';
import type { Browser, ClientNetwork } from '#libs/web-ui';
import { challengeIdIn, ChallengeNotHere, Challenges } from '../challenges.ts';
import type { Challenge } from '../challenges.ts';
import { IssueOtp } from '../issue-otp-command.ts';
import type { ChallengeId } from '../passcode.ts';
import { enterCodePage } from './enter-code-page.ts';
import { VerifyOtp } from './verify-otp.ts';

/** How long a page waits for word of the code mail before it says "on its way". */
const WAIT_FOR_DELIVERY_MS = 1500;
/** Between asking and asking again: soon at first, as a mail server nearby takes a few milliseconds, then twice as long each time. */
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 160;

/** The page of a challenge. Every form answers 303: the browser must GET what comes next (RFC 9110 §15.4.4). */
@Controller('prove/code/:challengeId')
export class EnterCodeController {
  constructor(
    private readonly commands: CommandBus,
    private readonly challenges: Challenges,
    private readonly clock: Clock,
  ) {}

  @Get()
  async page(
    @Param('challengeId') id: string,
    @KnownBrowser() browser: Browser | null,
    @Res() response: Response,
  ): Promise<void> {
    await this.forThisBrowser(response, id, browser, async (challengeId, browserId) => {
      const challenge = await this.withWordOfDelivery(browserId, challengeId);
      const onward = onwardOf(challenge);
      if (onward !== null) return response.redirect(303, onward);
      const page = enterCodePage(challengeId, challenge, this.clock.now());
      if (page.looksAgainAfterSeconds !== null) response.setHeader('Refresh', String(page.looksAgainAfterSeconds));
      response.render('passcode/verify-otp/enter-code', page);
    });
  }

  @Post()
  async submit(
    @Param('challengeId') id: string,
    @Body('code') entered: Uint8Array | undefined,
    @KnownBrowser() browser: Browser | null,
    @Res() response: Response,
  ): Promise<void> {
    await this.forThisBrowser(response, id, browser, async (challengeId, browserId) => {
      await this.commands.execute(new VerifyOtp({ browserId, challengeId, entered: entered ?? new Uint8Array() }));
      const challenge = await this.challenges.ofBrowser(browserId, challengeId);
      response.redirect(303, onwardOf(challenge) ?? pageOf(challengeId));
    });
  }

  /** A code is sent by a form alone; the page goes on. */
  @Get('another')
  goOn(@Param('challengeId') id: string, @Res() response: Response): void {
    response.redirect(303, `/prove/code/${encodeURIComponent(id)}`);
  }

  @Post('another')
  async another(
    @Param('challengeId') id: string,
    @KnownBrowser() browser: Browser | null,
    @RequestNetwork() network: ClientNetwork,
    @Headers('user-agent') userAgent: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    await this.forThisBrowser(response, id, browser, async (challengeId, browserId) => {
      await this.challenges.ofBrowser(browserId, challengeId);
      await this.commands.execute(new IssueOtp(challengeId, network.prefix, userAgent));
      response.redirect(303, pageOf(challengeId));
    });
  }

  /** A browser that did not begin the challenge learns nothing of it, not even whether there is one: one page names what may be the reason. */
  private async forThisBrowser(
    response: Response,
    id: string,
    browser: Browser | null,
    answer: (challengeId: ChallengeId, browserId: string) => Promise<void>,
  ): Promise<void> {
    try {
      if (browser === null) throw new ChallengeNotHere();
      await answer(challengeIdIn(id), browser.id);
    } catch (error) {
      if (!(error instanceof ChallengeNotHere)) throw error;
      response.status(404).render('passcode/verify-otp/elsewhere', {});
    }
  }

  /** Mostly the mail server takes the code within a moment: so the first look at the page already says so, without script. */
  private async withWordOfDelivery(browserId: string, challengeId: ChallengeId): Promise<Challenge> {
    let pause = FIRST_PAUSE_MS;
    for (let waited = 0; ; waited += pause) {
      const challenge = await this.challenges.ofBrowser(browserId, challengeId);
      if (challenge.delivery?.status !== 'sending' || waited >= WAIT_FOR_DELIVERY_MS) return challenge;
      if (waited > 0) pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      await sleep(pause);
    }
  }
}

function pageOf(challengeId: ChallengeId): string {
  return `/prove/code/${challengeId}`;
}

/** Where the browser brings its proof, once there is one. */
function onwardOf({ proofId, returnTo }: Challenge): string | null {
  return proofId === null ? null : `${returnTo}${returnTo.includes('?') ? '&' : '?'}proof=${proofId}`;
}
