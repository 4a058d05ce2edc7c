import { Controller, Delete, Get, Param, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { EventStore } from '#libs/event-store';
import { Outbox } from '#libs/mail';
import { RevokeMessage } from '#libs/sealing';
import { Clock, mandateOf, parseMessageId } from '#libs/vocabulary';
import type { MessageId } from '#libs/vocabulary';
import { NoSuchMessage, standingFor } from './message-standing.ts';
import type { MessageStanding } from './message-standing.ts';
import { textField } from './asked-in-fields.ts';
import { refuse } from './refuse.ts';
import { SealingClients } from './settings.ts';
import { accessTokenIn } from './submission-request.ts';

/** What became of a message, and taking it back: for the program that sealed it, and for one that may ask about all. */
@Controller('api/v1/messages/:messageId')
export class MessagesApiController {
  constructor(
    private readonly store: EventStore,
    private readonly outbox: Outbox,
    private readonly commands: CommandBus,
    private readonly clock: Clock,
    private readonly clients: SealingClients,
  ) {}

  @Get()
  async standing(@Param('messageId') name: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    try {
      const asker = await this.clients.asker(accessTokenIn(request.headers));
      const messageId = messageIdIn(name);
      const standing = await standingFor(asker, messageId, this.store);
      await this.answer(response, messageId, standing);
    } catch (error) {
      refuse(request, response, error, 'messages:revoke');
    }
  }

  /** May be repeated: what was taken back before is answered as it stands, with the time of the first. */
  @Delete()
  async revoke(@Param('messageId') name: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    try {
      const asker = await this.clients.asker(accessTokenIn(request.headers));
      const messageId = messageIdIn(name);
      await standingFor(asker, messageId, this.store);
      const { by, reason, caseNumber } = mandateOf({
        by: asker.clientId,
        reason: textField(request.headers, 'Segl-Reason'),
        caseNumber: textField(request.headers, 'Segl-Case-Number'),
      });
      await this.commands.execute(new RevokeMessage(messageId, by, reason, caseNumber));
      await this.answer(response, messageId, await standingFor(asker, messageId, this.store));
    } catch (error) {
      refuse(request, response, error, 'messages:revoke');
    }
  }

  private async answer(response: Response, messageId: MessageId, standing: MessageStanding): Promise<void> {
    const { delivery, revokedAt, expiresAt } = standing;
    response.setHeader('Cache-Control', 'no-store');
    response.json({
      messageId,
      ...standing,
      // Without an outcome in the record it waits here, or was sent before outcomes were recorded.
      delivery: delivery === 'waiting' ? await this.outbox.deliveryOf(messageId) : delivery,
      state: revokedAt !== null ? 'revoked' : this.clock.now() < expiresAt ? 'open' : 'expired',
    });
  }
}

/** What is no name of a message names none. @throws NoSuchMessage */
function messageIdIn(text: string): MessageId {
  const messageId = parseMessageId(text);
  if (messageId === null) throw new NoSuchMessage();
  return messageId;
}
