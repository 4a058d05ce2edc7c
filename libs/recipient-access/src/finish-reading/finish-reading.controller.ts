import { Controller, Get, Post, Render, Res, UseFilters } from '@nestjs/common';
import type { Response } from 'express';
import type { MessageId } from '#libs/vocabulary';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../message-for-reader.ts';
import { WaitingCiphertext } from '../waiting-ciphertext.ts';
import { AskedBy, NamedMessage } from '../parameters.ts';

/** The reader says that they are done: what waits is forgotten at once. Only who proved the recipient's address may say so. */
@Controller()
@UseFilters(CannotBeShownFilter)
export class FinishReadingController {
  constructor(
    private readonly messages: MessageForReader,
    private readonly waiting: WaitingCiphertext,
  ) {}

  @Post('m/:messageId/finish')
  async finish(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @Res() response: Response,
  ): Promise<void> {
    if (await this.messages.isWaitingFor(messageId, asking)) await this.waiting.forget(messageId);
    response.redirect(303, '/finished');
  }

  @Get('finished')
  @Render('recipient-access/finish-reading/finished')
  finished() {
    return {};
  }
}
