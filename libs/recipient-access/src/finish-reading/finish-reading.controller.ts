import { Controller, Get, Post, Render, Res, UseFilters } from '@nestjs/common';
import type { Response } from 'express';
import { Clock } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { KnownBrowser } from '#libs/web-ui';
import type { Browser } from '#libs/web-ui';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../known-messages.ts';
import { mayEndOthers, PortalSessions } from '../portal-session.ts';
import { AskedBy, NamedMessage } from '../parameters.ts';

/** The reader says that they are done: what waits is forgotten at once. Only who proved the recipient's address may say so. */
@Controller()
@UseFilters(CannotBeShownFilter)
export class FinishReadingController {
  constructor(
    private readonly messages: MessageForReader,
    private readonly sessions: PortalSessions,
    private readonly clock: Clock,
  ) {}

  @Get('m/:messageId/finish')
  goOn(@NamedMessage() messageId: MessageId, @Res() response: Response): void {
    response.redirect(303, `/m/${messageId}`);
  }

  @Post('m/:messageId/finish')
  async finish(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @Res() response: Response,
  ): Promise<void> {
    const isReader = await this.messages.forgetFor(messageId, asking);
    response.redirect(303, isReader ? '/finished' : `/m/${messageId}`);
  }

  @Get('finished')
  @Render('recipient-access/finish-reading/finished')
  async finished(@KnownBrowser() browser: Browser | null) {
    const now = this.clock.now();
    const session = browser && (await this.sessions.touch(browser.sessionId, now));
    if (browser === null || session === null) return { isSignedIn: false, others: [], mayEndOthers: false };
    const others = await this.sessions.besides(browser.sessionId, session);
    return { isSignedIn: true, others, mayEndOthers: mayEndOthers(session, now) };
  }
}
