import { Controller, Get, Headers, Post, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import {
  BrowserSession,
  HeadSpendsNothing,
  KnownBrowser,
  RequestLocale,
  RequestNetwork,
  rotateBrowserSession,
} from '#libs/web-ui';
import type { Browser, ClientNetwork, Locale } from '#libs/web-ui';
import type { MessageId } from '#libs/vocabulary';
import { CannotBeShownFilter } from '../cannot-be-shown-filter.ts';
import { MessageForReader } from '../message-for-reader.ts';
import type { Asking } from '../known-messages.ts';
import { AskedBy, NamedMessage } from '../parameters.ts';
import { VisitCounter } from '../visit-counter.ts';
import { Authenticate } from './authenticate.ts';
import { BeginSignIn } from './begin-sign-in.ts';

/** What a browser says of a request that another site's page caused, a neighbour's under the same domain among them (Fetch Metadata). */
const FROM_ANOTHER_SITE: readonly (string | undefined)[] = ['cross-site', 'same-site'];

interface Start {
  readonly messageId: MessageId;
  readonly asking: Asking;
  readonly browser: Browser;
  readonly locale: Locale;
  readonly network: ClientNetwork;
  readonly wantsCode: boolean;
}

/** The way to the identity provider and back. Both are links: a form may lead to this portal alone (form-action 'self'). */
@Controller()
@UseFilters(CannotBeShownFilter)
@UseInterceptors(HeadSpendsNothing)
export class AuthenticateController {
  constructor(
    private readonly commands: CommandBus,
    private readonly messages: MessageForReader,
    private readonly counter: VisitCounter,
  ) {}

  @Get('m/:messageId/prove')
  async prove(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @BrowserSession() browser: Browser,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Headers('sec-fetch-site') cameFrom: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    // Another site's page cannot begin a sign-in here: it leads to ours, where the reader does (threats.md A5). An image on a
    // neighbour's page brings our cookies along, and would spend the tries that the reader's network has for this hour.
    if (FROM_ANOTHER_SITE.includes(cameFrom)) return response.redirect(303, `/m/${messageId}`);
    response.redirect(303, await this.locationOf({ messageId, asking, browser, locale, network, wantsCode: false }));
  }

  /**
   * The button of a page that offers nothing but a code: a form, so that no link and no other site has one sent. Pages that offer
   * accounts have the link: from a form a browser would not follow to another site (form-action 'self').
   */
  @Post('m/:messageId/prove')
  async proveByCode(
    @NamedMessage() messageId: MessageId,
    @AskedBy() asking: Asking,
    @BrowserSession() browser: Browser,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Res() response: Response,
  ): Promise<void> {
    response.redirect(303, await this.locationOf({ messageId, asking, browser, locale, network, wantsCode: true }));
  }

  private async locationOf({ messageId, asking, browser, locale, network, wantsCode }: Start): Promise<string> {
    const toProve = await this.messages.toProve(messageId, asking);
    if (toProve === null) return `/m/${messageId}`;
    const { address, personId, terms } = toProve;
    const location = await this.commands.execute(
      new BeginSignIn({
        ...{ messageId, personId, address, locale, wantsCode, terms },
        browserId: browser.id,
        networkPrefix: network.prefix,
      }),
    );
    return location.href;
  }

  @Get('authenticate')
  async authenticate(
    @KnownBrowser() browser: Browser | null,
    @RequestNetwork() network: ClientNetwork,
    @Headers('user-agent') userAgent: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const outcome = await this.commands.execute(
      new Authenticate({
        answer: new URL(request.originalUrl, 'http://here').searchParams,
        browserId: browser?.id ?? null,
        sessionId: browser?.sessionId ?? null,
        nextSessionId: () => rotateBrowserSession(request),
        networkAddress: network.address,
        networkPrefix: network.prefix,
      }),
    );
    switch (outcome.status) {
      case 'authenticated':
        this.counter.signedIn({ visitId: outcome.personId, userAgent }, outcome.method);
        return response.redirect(303, `/m/${outcome.messageId}`);
      case 'repeated':
        return response.redirect(303, `/m/${outcome.messageId}`);
      case 'failed':
        return response.redirect(303, `/m/${outcome.messageId}?again=${outcome.isCancelled ? 'cancelled' : 'proof'}`);
      case 'unknown':
        response.status(400);
        return response.render('recipient-access/authenticate/nobody-waits');
    }
  }
}
