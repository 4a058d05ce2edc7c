import { Controller, Get, Param, Query, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import type { Request, Response } from 'express';
import { maskAddress } from '#libs/vocabulary';
import { HeadSpendsNothing, KnownBrowser } from '#libs/web-ui';
import type { Browser } from '#libs/web-ui';
import { BridgeProvider, SignInNotHere } from '../../provider/bridge-provider.ts';
import { SIGN_IN_ADDRESSES } from '../addresses.ts';
import { signInHere } from '../sign-in-here.ts';
import { SignInOverFilter } from '../sign-in-over-filter.ts';
import { OidcBridgeSettings } from '../../settings.ts';
import { chooseWayPage } from '../choose-way-page.ts';
import { SignInEnding } from '../sign-in-ending.ts';
import type { Here } from '../sign-in-ending.ts';
import { SignInOutcomes } from '../sign-in-outcomes.ts';
import type { SignInOutcome } from '../sign-in-outcomes.ts';

/** Where an outcome meets the sign-in it was made for: same browser, same interaction, once. */
@Controller()
@UseFilters(SignInOverFilter)
@UseInterceptors(HeadSpendsNothing)
export class FinishLoginController {
  constructor(
    private readonly provider: BridgeProvider,
    private readonly outcomes: SignInOutcomes,
    private readonly ending: SignInEnding,
    private readonly settings: OidcBridgeSettings,
  ) {}

  @Get(SIGN_IN_ADDRESSES.finish)
  async finish(
    @Param('uid') uid: string,
    @Query('outcome') outcomeId: unknown,
    @KnownBrowser() browser: Browser | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signIn = await signInHere(this.provider, uid, request, response);
    if (browser === null) throw new SignInNotHere();
    const outcome = await this.outcomes.take(outcomeId, { uid, browserId: browser.id });
    const here: Here = { signIn, browserId: browser.id, request, response };
    switch (outcome?.kind) {
      case undefined:
        return this.ending.goOn(here, { with: 'nothing-left' });
      case 'proven':
        return this.ending.goOn(here, { with: 'proof', proof: outcome.proof });
      case 'not-proven':
        return this.showNotProven(here, outcome);
      case 'reader': {
        const pending = await this.outcomes.takePending({ uid, browserId: browser.id });
        return this.ending.goOn(here, { with: 'reader', reader: outcome.reader, pending });
      }
    }
  }

  /** To them alone, and in answer to this request alone: who they are signed in as is kept nowhere. */
  private showNotProven({ signIn, response }: Here, outcome: SignInOutcome & { kind: 'not-proven' }): void {
    const upstream = this.settings.upstreams.find(({ id }) => id === outcome.upstreamId);
    const { wantedAddress } = signIn;
    response.render('oidc-bridge/sign-in/finish-login/not-proven', {
      ...chooseWayPage(signIn, this.settings, null, { afterUpstream: outcome.upstreamId }),
      provider: upstream?.name ?? outcome.upstreamId,
      shownAs: outcome.shownAs,
      wanted: wantedAddress && maskAddress(wantedAddress),
    });
  }
}
