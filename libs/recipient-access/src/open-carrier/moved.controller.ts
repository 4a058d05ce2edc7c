import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { parseMessageId } from '#libs/vocabulary';
import { discardRest } from '#libs/web-ui';
import { isProofOfOpening, markOpenedHere } from '../opened-here.ts';
import { RecipientAccessSettings } from '../settings.ts';
import { boundedBody } from './bounded-body.ts';

/** An id and a signed time. */
const MAX_BYTES = 1024;

/**
 * Where a browser arrives whose carrier was opened under an older name of the portal: it is marked as if it had been opened here. Like
 * `/open` itself it takes a form without a token, and shows nothing for it.
 */
@Controller('open/moved')
export class MovedController {
  constructor(private readonly settings: RecipientAccessSettings) {}

  @Get()
  toStart(@Res() response: Response): void {
    response.redirect(303, '/');
  }

  @Post()
  async arrive(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { silenceSeconds, waitingSeconds } = this.settings;
    let fields: URLSearchParams;
    try {
      const pieces = await Array.fromAsync(boundedBody(request, { maxBytes: MAX_BYTES, silenceSeconds }));
      fields = new URLSearchParams(Buffer.concat(pieces).toString());
    } catch (error) {
      discardRest(request, response);
      throw error;
    }
    const messageId = parseMessageId(fields.get('message') ?? '');
    if (messageId === null || !isProofOfOpening(request, messageId, fields.get('opened') ?? ''))
      return response.redirect(303, '/'); // it stood open for too long: the page there says to open the attachment
    markOpenedHere(request, messageId, waitingSeconds);
    response.redirect(303, `/m/${messageId}`);
  }
}
