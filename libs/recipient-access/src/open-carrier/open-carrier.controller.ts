import { Controller, Get, Post, Render, Req, Res, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { discardRest, formLeadsTo, requestFacts, RequestNetwork } from '#libs/web-ui';
import type { ClientNetwork } from '#libs/web-ui';
import type { MessageId } from '#libs/vocabulary';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';
import { HandInTimes } from '../hand-in-times.ts';
import { markOpenedHere, proofOfOpening } from '../opened-here.ts';
import { RecipientAccessSettings } from '../settings.ts';
import { boundedBody } from './bounded-body.ts';
import { ciphertextHandedIn } from './handed-in.ts';
import { OpenCarrier } from './open-carrier.ts';
import { UploadTurns } from './upload-turns.ts';

const turns = new UploadTurns(); // of this process

/** Where a carrier comes in. Neither cookie nor CSRF field: a form in a file has neither (threats.md A18), and nothing is shown for it. */
@Controller()
@UseFilters(CannotBeShownFilter)
export class OpenCarrierController {
  constructor(
    private readonly commands: CommandBus,
    private readonly settings: RecipientAccessSettings,
    private readonly times: HandInTimes,
  ) {}

  @Get()
  @Render('recipient-access/open-carrier/start')
  start() {
    return {};
  }

  /** A page that was left open, or a link checker: there is nothing to see here without a carrier. */
  @Get('open')
  toStart(@Res() response: Response): void {
    response.redirect(303, '/');
  }

  @Post('open')
  async open(
    @RequestNetwork() network: ClientNetwork,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { maxCarrierBytes: maxBytes, silenceSeconds } = this.settings;
    try {
      const body = turns.pace(boundedBody(request, { maxBytes, silenceSeconds }));
      const messageId = await this.commands.execute(
        new OpenCarrier(ciphertextHandedIn(request.headers, body), network.prefix),
      );
      this.times.handedIn(messageId);
      if (requestFacts(request).isAtFormerHost) return this.toPresentHost(request, response, messageId);
      markOpenedHere(request, messageId, this.settings.waitingSeconds);
      response.redirect(303, `/m/${messageId}`); // the browser must GET the next step (RFC 9110 §15.4.4)
    } catch (error) {
      discardRest(request, response);
      throw error;
    }
  }

  /**
   * A page with one button, since the policy in the carrier itself lets its form lead to the old name alone: browsers hold redirects to
   * that too (CSP 3 §6.4.1). The mark of this browser travels in the form: an address would stand in histories and logs.
   */
  private toPresentHost(request: Request, response: Response, messageId: MessageId): void {
    const { publicUrl } = this.settings;
    formLeadsTo(response, publicUrl.origin);
    response.render('recipient-access/open-carrier/moved', {
      openUrl: new URL('/open/moved', publicUrl).href,
      host: publicUrl.host,
      messageId,
      opened: proofOfOpening(request, messageId),
    });
  }
}
