import { Controller, Get, HttpCode, Param, ParseIntPipe, Post, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { shownFileHeaders } from '#libs/web-ui';
import type { MessageId } from '#libs/vocabulary';
import { AnswersUnderWay } from '../answers-under-way.ts';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';
import { contentDisposition } from '../content-disposition.ts';
import type { Asking } from '../known-messages.ts';
import { AskedBy, NamedMessage, VisitOf } from '../parameters.ts';
import { VisitCounter } from '../visit-counter.ts';
import type { Visit } from '../visit-counter.ts';
import { ViewAttachment } from './view-attachment.ts';

/**
 * Shows an image or a PDF file by what the browser has for it, in a tab of its own and a sandbox of its own: its bytes decide what it
 * is, and the browser may not think otherwise (threats.md A32).
 */
@Controller('m/:messageId/attachments/:index/view')
@UseFilters(CannotBeShownFilter)
@UseInterceptors(AnswersUnderWay)
export class ViewAttachmentController {
  constructor(
    private readonly commands: CommandBus,
    private readonly counter: VisitCounter,
  ) {}

  /** As for what is saved: on to the message, where a browser can post. */
  @Get()
  goOn(@NamedMessage() messageId: MessageId, @Res() response: Response): void {
    response.redirect(303, `/m/${messageId}`);
  }

  @Post()
  @HttpCode(200)
  async view(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @VisitOf() visit: Visit,
    @Param('index', ParseIntPipe) index: number,
    @Res() response: Response,
  ): Promise<void> {
    const file = await this.commands.execute(new ViewAttachment(messageId, index, asking));
    shownFileHeaders(response);
    response.setHeader('Content-Type', file.type);
    response.setHeader('Content-Disposition', contentDisposition(file.filename, 'inline'));
    response.setHeader('Content-Length', file.content.byteLength);
    response.end(file.content);
    this.counter.downloaded({ ...visit, visitId: file.recipientId }, 'shown');
  }
}
