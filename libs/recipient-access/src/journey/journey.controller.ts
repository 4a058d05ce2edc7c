import { Controller, Get, Query, Res, UseFilters } from '@nestjs/common';
import type { Response } from 'express';
import { maskAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../message-for-reader.ts';
import { AskedBy, NamedMessage } from '../parameters.ts';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';

/** The address of one message: the page of its next step. See next-step.ts for the whole order. */
@Controller('m/:messageId')
@UseFilters(CannotBeShownFilter)
export class JourneyController {
  constructor(private readonly messages: MessageForReader) {}

  @Get()
  async page(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @Query('again') again: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const journey = await this.messages.journey(messageId, asking.sessionId);
    switch (journey.step) {
      case 'prove-address':
        return response.render('recipient-access/journey/prove-address', {
          messageId,
          sender: journey.sender,
          senderName: journey.senderName,
          sealedAt: journey.sealedAt,
          expiresAt: journey.expiresAt,
          maskedRecipient: maskAddress(journey.recipient),
          wasProofRefused: again === 'proof',
          wasCancelled: again === 'cancelled',
        });
      case 'confirm':
        return response.render('recipient-access/journey/confirm', {
          messageId,
          sender: journey.sender,
          senderName: journey.senderName,
          sealedAt: journey.sealedAt,
          expiresAt: journey.expiresAt,
          recipient: journey.recipient,
        });
    }
  }
}
