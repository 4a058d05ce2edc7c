import {
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  ParseIntPipe,
  Post,
  Res,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Response } from 'express';
import { downloadHeaders } from '#libs/web-ui';
import type { MessageId } from '#libs/vocabulary';
import { AnswersUnderWay } from '../answers-under-way.ts';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';
import { contentDisposition } from '../content-disposition.ts';
import type { Asking } from '../known-messages.ts';
import { AskedBy, NamedMessage, VisitOf } from '../parameters.ts';
import { VisitCounter } from '../visit-counter.ts';
import type { Visit } from '../visit-counter.ts';
import { DownloadAttachment } from './download-attachment.ts';
import type { DownloadedFile } from './download-attachment.ts';
import { DownloadFiles } from './download-files.ts';
import { zipStream } from './zip-stream.ts';

/** Files leave as bytes to save, whatever they claim to be: nothing is previewed, nothing runs (threats.md A32). */
@Controller('m/:messageId')
@UseFilters(CannotBeShownFilter)
@UseInterceptors(AnswersUnderWay)
export class DownloadAttachmentController {
  constructor(
    private readonly commands: CommandBus,
    private readonly counter: VisitCounter,
  ) {}

  /** Android's web views fetch by GET what a form posts: on to the message, where a browser can post. */
  @Get(['original', 'attachments', 'attachments/:index'])
  goOn(@NamedMessage() messageId: MessageId, @Res() response: Response): void {
    response.redirect(303, `/m/${messageId}`);
  }

  @Post('attachments/:index')
  @HttpCode(200)
  async attachment(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @VisitOf() visit: Visit,
    @Param('index', ParseIntPipe) index: number,
    @Res() response: Response,
  ): Promise<void> {
    const file = await this.commands.execute(new DownloadAttachment(messageId, index, asking));
    handOut(response, file);
    this.counter.downloaded({ ...visit, visitId: file.recipientId }, 'attachment');
  }

  /** @param files indexes with spaces between them, as the page lists them */
  @Post('attachments')
  @HttpCode(200)
  async files(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @VisitOf() visit: Visit,
    @Body('files') files: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const indexes =
      typeof files === 'string' ? (files.slice(0, MAX_FILES_FIELD).match(/\d{1,6}/g) ?? []).map(Number) : [];
    const packed = await this.commands.execute(new DownloadFiles(messageId, indexes, asking));
    const { stream, bytes } = await zipStream(packed.files, new Date(packed.sealedAt));
    downloadHeadersOf(response, packed.filename, bytes);
    stream.pipe(response);
    for (const _ of packed.files) this.counter.downloaded({ ...visit, visitId: packed.recipientId }, 'attachment');
  }

  @Post('original')
  @HttpCode(200)
  async original(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @VisitOf() visit: Visit,
    @Res() response: Response,
  ): Promise<void> {
    const file = await this.commands.execute(new DownloadAttachment(messageId, 'original', asking));
    handOut(response, file);
    this.counter.downloaded({ ...visit, visitId: file.recipientId }, 'original');
  }
}

/** 1000 parts at most (READING_LIMITS), each an index and a space. */
const MAX_FILES_FIELD = 8000;

function handOut(response: Response, { filename, content }: DownloadedFile): void {
  downloadHeadersOf(response, filename, content.byteLength);
  response.end(content);
}

function downloadHeadersOf(response: Response, filename: string, bytes: number): void {
  downloadHeaders(response);
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Disposition', contentDisposition(filename));
  response.setHeader('Content-Length', bytes);
}
