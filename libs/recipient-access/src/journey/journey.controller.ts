import { Controller, Get, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { maskAddress } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../known-messages.ts';
import { markOpenedHere } from '../opened-here.ts';
import { RecipientAccessSettings } from '../settings.ts';
import { AskedBy, NamedMessage } from '../parameters.ts';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';

/** The address of one message: the page of its next step. See next-step.ts for the whole order. */
@Controller('m/:messageId')
@UseFilters(CannotBeShownFilter)
export class JourneyController {
  constructor(
    private readonly messages: MessageForReader,
    private readonly settings: RecipientAccessSettings,
  ) {}

  @Get()
  async page(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @Query('again') again: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const journey = await this.messages.journey(messageId, asking);
    if (asking.hasOpened) markOpenedHere(request, messageId, this.settings.waitingSeconds);
    switch (journey.step) {
      case 'introduce':
        return response.render('recipient-access/journey/introduce', {
          messageId,
          wasProofRefused: again === 'proof',
          wasCancelled: again === 'cancelled',
        });
      case 'prove-address':
        return response.render('recipient-access/journey/prove-address', {
          messageId,
          sender: journey.sender,
          senderName: journey.senderName,
          sealedAt: journey.sealedAt,
          expiresAt: journey.expiresAt,
          maskedRecipient: maskAddress(journey.recipient),
          isAccountAsked: journey.terms.includes('account'),
          isCodeNotEnough: journey.toProve === 'account-required',
          isReaderUnnamed: journey.toProve === 'reader-required',
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
