import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { BridgeProvider } from '../provider/bridge-provider.ts';
import type { SignInRequest } from '../proof.ts';
import { OidcBridgeSettings } from '../settings.ts';
import { pathTo } from './addresses.ts';
import { digestOf } from '#libs/vocabulary';
import { PasscodeNotOffered } from './error-pages.ts';
import { nextSignInStep, pathOf } from './next-sign-in-step.ts';
import type { Arrival, NextSignInStep } from './next-sign-in-step.ts';
import { SignInOutcomes } from './sign-in-outcomes.ts';

/** One request within a sign-in of this browser. */
export interface Here {
  readonly signIn: SignInRequest;
  readonly browserId: string;
  readonly request: Request;
  readonly response: Response;
}

/** Goes where the order says (next-sign-in-step.ts): to a page of this sign-in, or with a proof back to the client that asked. */
@Injectable()
export class SignInEnding {
  constructor(
    private readonly provider: BridgeProvider,
    private readonly outcomes: SignInOutcomes,
    private readonly settings: OidcBridgeSettings,
  ) {}

  /** In answer to a link, or to a redirect from a provider. @throws PasscodeNotOffered */
  async goOn(here: Here, arrival: Arrival): Promise<void> {
    const next = nextSignInStep(here.signIn, arrival, this.settings);
    if (next.step !== 'leave') return this.stay(here, next);
    await this.provider.finish(here.request, here.response, next.proof);
  }

  /**
   * In answer to a form, or to what a form redirected to: browsers hold `form-action 'self'` against every redirect that
   * follows a form, so a client on another site is reached from a page in between, which goes on by itself.
   * @throws PasscodeNotOffered
   */
  async goOnAfterForm(here: Here, arrival: Arrival): Promise<void> {
    const { signIn, browserId, request, response } = here;
    const next = nextSignInStep(signIn, arrival, this.settings);
    if (next.step !== 'leave') return this.stay(here, next);
    if (signIn.clientKind === 'portal') return this.provider.finish(request, response, next.proof);
    const owner = { uid: signIn.uid, browserDigest: digestOf(browserId) };
    const outcomeId = await this.outcomes.leave(owner, { kind: 'proven', proof: next.proof });
    const path = pathTo('finish', { uid: signIn.uid }, { outcome: outcomeId });
    response.setHeader('Refresh', `0; url=${path}`);
    response.render('oidc-bridge/sign-in/go-on', { path, client: signIn.clientName });
  }

  private async stay(here: Here, next: Exclude<NextSignInStep, { step: 'leave' }>): Promise<void> {
    const { signIn, browserId, response } = here;
    if (next.step === 'refuse-passcode') throw new PasscodeNotOffered();
    if (next.step === 'name-reader' && next.holdBack !== null) {
      await this.outcomes.keepPending({ uid: signIn.uid, browserId }, next.holdBack);
    }
    response.redirect(303, pathOf(signIn.uid, next));
  }
}
