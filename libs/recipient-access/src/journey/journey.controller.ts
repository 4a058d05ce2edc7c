import { Controller, Get, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { Challenges, IssueOtp } from '#libs/passcode';
import {
  type Browser,
  BrowserSession,
  RequestLocale,
  RequestNetwork,
  rotateBrowserSession,
  type ClientNetwork,
  type Locale,
} from '#libs/web-ui';
import { maskAddress, type MessageId } from '#libs/vocabulary';
import { Authenticate, ProofNotAccepted } from '../authenticate/authenticate.ts';
import { MessageForReader, type Asking } from '../message-for-reader.ts';
import { CannotBeShown } from '../open-carrier/open-carrier.ts';
import { WaitingCiphertext } from '../open-carrier/waiting-ciphertext.ts';
import { AskedBy, NamedMessage, VisitOf } from '../parameters.ts';
import { VisitCounter, type Visit } from '../visit-counter.ts';
import { CannotBeShownFilter } from './cannot-be-shown-filter.ts';

/** The address of one message: the page of its next step, and the steps that lead to a proof. See next-step.ts for the whole order. */
@Controller('m/:messageId')
@UseFilters(CannotBeShownFilter)
export class JourneyController {
  constructor(
    private readonly commands: CommandBus,
    private readonly messages: MessageForReader,
    private readonly challenges: Challenges,
    private readonly counter: VisitCounter,
    private readonly waiting: WaitingCiphertext,
  ) {}

  @Get()
  async page(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @Query('again') again: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const journey = await this.messages.journey(messageId, asking.sessionId);
    switch (journey.step) {
      case 'cannot-be-shown':
        throw new CannotBeShown('not-waiting');
      case 'prove-address':
        return response.render('recipient-access/journey/prove-address', {
          messageId,
          sender: journey.sender,
          sealedAt: journey.sealedAt,
          expiresAt: journey.expiresAt,
          maskedRecipient: journey.recipient && maskAddress(journey.recipient),
          wasProofRefused: again === 'proof',
        });
      case 'confirm':
        return response.render('recipient-access/journey/confirm', {
          messageId,
          sender: journey.sender,
          sealedAt: journey.sealedAt,
          expiresAt: journey.expiresAt,
          recipient: journey.recipient,
        });
    }
  }

  /** The reader's wish to prove the address by a code: from here on it is the passcode room's, which knows nothing of messages. */
  @Post('prove/code')
  async proveByCode(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @BrowserSession() browser: Browser,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Res() response: Response,
  ): Promise<void> {
    const { step, recipient, recipientPerson } = await this.messages.journey(messageId, asking.sessionId);
    if (step === 'confirm') return response.redirect(303, `/m/${messageId}`);
    if (step !== 'prove-address' || recipient === null || recipientPerson === null)
      throw new CannotBeShown('not-waiting');
    await this.waiting.keepWaiting(messageId); // asking for a code is a step: the whole time again
    const challengeId = await this.challenges.begin({
      sessionId: browser.id,
      person: recipientPerson,
      address: recipient,
      returnTo: returnToOf(messageId),
      startAgainAt: `/m/${messageId}`,
      locale,
      networkPrefix: network.prefix,
    });
    await this.commands.execute(new IssueOtp(challengeId, network.prefix));
    response.redirect(303, `/prove/code/${challengeId}`);
  }

  /** Where a proof comes back to. A GET, as it will be from any identity provider; the proof is good once and here alone. */
  @Get('authenticate')
  async authenticate(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @BrowserSession() browser: Browser,
    @VisitOf() visit: Visit,
    @Query('proof') proofId: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    try {
      const { personId } = await this.commands.execute(
        new Authenticate({
          proofId: proofId ?? '',
          sessionId: browser.id,
          returnTo: returnToOf(messageId),
          nextSessionId: () => rotateBrowserSession(request),
          networkAddress: asking.networkAddress,
        }),
      );
      this.counter.signedIn({ ...visit, visitId: personId }, 'passcode');
      response.redirect(303, `/m/${messageId}`);
    } catch (error) {
      if (!(error instanceof ProofNotAccepted)) throw error;
      response.redirect(303, `/m/${messageId}?again=proof`);
    }
  }
}

function returnToOf(messageId: MessageId): string {
  return `/m/${messageId}/authenticate`;
}
