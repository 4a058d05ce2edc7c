import { Controller, Get, Param, Query, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { HeadSpendsNothing, RequestNetwork } from '#libs/web-ui';
import type { ClientNetwork } from '#libs/web-ui';
import { BridgeProvider } from '../../provider/bridge-provider.ts';
import { SIGN_IN_ADDRESSES } from '../addresses.ts';
import { signInHere } from '../sign-in-here.ts';
import { SignInOverFilter } from '../sign-in-over-filter.ts';
import { OidcBridgeSettings } from '../../settings.ts';
import { LoginAttempts, TooManySignIns } from '../login-attempts.ts';
import { RecordFailedSignIn } from '../record-failed-sign-in.ts';
import { chooseWayPage } from '../choose-way-page.ts';

/** The sign-in page: every way there is, and back. */
@Controller()
@UseFilters(SignInOverFilter)
@UseInterceptors(HeadSpendsNothing)
export class ChooseWayController {
  constructor(
    private readonly provider: BridgeProvider,
    private readonly attempts: LoginAttempts,
    private readonly commands: CommandBus,
    private readonly settings: OidcBridgeSettings,
  ) {}

  @Get(SIGN_IN_ADDRESSES.page)
  async page(
    @Param('uid') uid: string,
    @Query('told') told: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signIn = await signInHere(this.provider, uid, request, response);
    response.render('oidc-bridge/sign-in/choose-way', chooseWayPage(signIn, this.settings, told));
  }

  /** A link, so that `form-action 'self'` stands where it leads to another site. It ends the reader's own sign-in and no more. */
  @Get(SIGN_IN_ADDRESSES.cancel)
  async cancel(
    @Param('uid') uid: string,
    @RequestNetwork() network: ClientNetwork,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signIn = await signInHere(this.provider, uid, request, response);
    try {
      await this.attempts.countBegun(signIn, network.prefix);
      await this.commands.execute(new RecordFailedSignIn(signIn, null, 'cancelled'));
    } catch (error) {
      if (!(error instanceof TooManySignIns)) throw error; // past the bound nothing is recorded, and the way back stays open
    }
    await this.provider.cancel(request, response, 'access_denied');
  }
}
