import { Controller, Get, HttpCode, Post, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { languagesByForm, messagePageHeaders, RequestLocale } from '#libs/web-ui';
import type { Locale } from '#libs/web-ui';
import type { MessageId } from '#libs/vocabulary';
import { AnswersUnderWay } from '../answers-under-way.ts';
import { HandInTimes } from '../hand-in-times.ts';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';
import type { Asking } from '../known-messages.ts';
import { AskedBy, NamedMessage, VisitOf } from '../parameters.ts';
import { RecipientAccessSettings } from '../settings.ts';
import { VisitCounter } from '../visit-counter.ts';
import type { Visit } from '../visit-counter.ts';
import { DecryptView } from './decrypt-view.ts';
import { PRINT_POLICY, printDocument } from './print-document.ts';
import { namesSender, shownMail } from './shown-message.ts';

/** Shows a message in the answer to the reader's click, and nowhere else: there is no address that shows it again. */
@Controller('m/:messageId')
@UseFilters(CannotBeShownFilter)
@UseInterceptors(AnswersUnderWay)
export class DecryptViewController {
  constructor(
    private readonly commands: CommandBus,
    private readonly counter: VisitCounter,
    private readonly times: HandInTimes,
    private readonly settings: RecipientAccessSettings,
  ) {}

  /** A phone that dropped the tab, or an app that fetches what it should post: on to the page that asks for the click. */
  @Get(['view', 'print'])
  goOn(@NamedMessage() messageId: MessageId, @Res() response: Response): void {
    response.redirect(303, `/m/${messageId}`);
  }

  @Post('view')
  @HttpCode(200)
  async view(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @VisitOf() visit: Visit,
    @RequestLocale() locale: Locale,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const viewed = await this.commands.execute(new DecryptView(messageId, asking));
    this.counter.viewed({ ...visit, visitId: viewed.recipientId }, 'page', this.times.takeSeconds(messageId));
    const { timeZone, showsFiles } = this.settings;
    const mail = await shownMail(viewed.readable, { locale, timeZone, showsFiles });
    messagePageHeaders(response);
    languagesByForm(request);
    response.render('recipient-access/decrypt-view/message', {
      messageId,
      waitingMinutes: Math.round(this.settings.waitingSeconds / 60),
      sender: viewed.sender,
      recipient: viewed.recipient,
      senderDiffers: !namesSender(viewed.readable.author, viewed.sender),
      mayDownload: viewed.mayDownload,
      mail,
    });
  }

  /**
   * The message alone on a page that prints whole (a frame prints only what is seen of it). Its own policy is stricter than
   * any page's: sandboxed, without an origin, without scripts, forms or anything from elsewhere (threats.md A29).
   */
  @Post('print')
  @HttpCode(200)
  async print(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @VisitOf() visit: Visit,
    @RequestLocale() locale: Locale,
    @Res() response: Response,
  ): Promise<void> {
    const { readable, recipientId, sender, recipient } = await this.commands.execute(
      new DecryptView(messageId, asking, 'print'),
    );
    this.counter.viewed({ ...visit, visitId: recipientId }, 'print', null);
    response.setHeader('Content-Security-Policy', PRINT_POLICY);
    response.removeHeader('Origin-Agent-Cluster'); // it has no origin to speak of, and browsers say so
    response.type('html');
    const { timeZone } = this.settings;
    const pieces = await printDocument(readable, { locale, timeZone, sender, recipient });
    response.setHeader(
      'Content-Length',
      pieces.reduce((bytes, piece) => bytes + piece.length, 0),
    );
    for (const piece of pieces) response.write(piece); // what nobody takes is cut off (AnswersUnderWay)
    response.end();
  }
}
