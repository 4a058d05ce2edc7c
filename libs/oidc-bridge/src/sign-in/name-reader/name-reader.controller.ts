import { Body, Controller, Get, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { maskAddress } from '#libs/vocabulary';
import { KnownBrowser } from '#libs/web-ui';
import type { Browser } from '#libs/web-ui';
import { BridgeProvider, SignInNotHere } from '../../provider/bridge-provider.ts';
import { linksOf, pathTo, SIGN_IN_ADDRESSES } from '../addresses.ts';
import { isNameAskedFor, nextSignInStep, readerAskedFor } from '../next-sign-in-step.ts';
import { signInHere } from '../sign-in-here.ts';
import { SignInOverFilter } from '../sign-in-over-filter.ts';
import { mailboxRulesFor } from '../ways-in.ts';
import type { BridgeProof } from '../../proof.ts';
import { OidcBridgeSettings } from '../../settings.ts';
import { accountButtons, noticeOf } from '../choose-way-page.ts';
import { SignInEnding } from '../sign-in-ending.ts';
import type { Here } from '../sign-in-ending.ts';
import { SignInOutcomes } from '../sign-in-outcomes.ts';
import { parseReaderName } from './reader-name.ts';

/** Who reads at a shared mailbox: asked after its address was proven in a way that does not say it, and before the proof leaves. */
@Controller()
@UseFilters(SignInOverFilter)
export class NameReaderController {
  constructor(
    private readonly provider: BridgeProvider,
    private readonly outcomes: SignInOutcomes,
    private readonly ending: SignInEnding,
    private readonly settings: OidcBridgeSettings,
  ) {}

  @Get(SIGN_IN_ADDRESSES.reader)
  async page(
    @Param('uid') uid: string,
    @Query('told') told: unknown,
    @KnownBrowser() browser: Browser | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const here = await this.here(uid, browser, request, response);
    const pending = await this.outcomes.pending({ uid, browserId: here.browserId });
    if (pending === null) return this.ending.goOn(here, { with: 'nothing-left' });
    this.show(here, pending, { told, entered: '', hasError: false });
  }

  @Post(SIGN_IN_ADDRESSES.reader)
  async submit(
    @Param('uid') uid: string,
    @Body('name') entered: string | undefined,
    @KnownBrowser() browser: Browser | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const here = await this.here(uid, browser, request, response);
    const owner = { uid, browserId: here.browserId };
    const pending = await this.outcomes.pending(owner);
    const name = parseReaderName(entered ?? '');
    if (name === null && pending !== null && isNameAskedFor(pending, mailboxRulesFor(here.signIn, this.settings))) {
      response.status(400);
      return this.show(here, pending, { told: null, entered: (entered ?? '').slice(0, 200), hasError: true });
    }
    const reader = { kind: 'stated', name: name ?? '' } as const;
    // Taken only if it may leave by this name: a proof of another mailbox may have taken its place since the page was shown.
    const leaves = (proof: BridgeProof) =>
      name !== null &&
      nextSignInStep(here.signIn, { with: 'reader', reader, pending: proof }, this.settings).step === 'leave';
    const taken = await this.outcomes.takePending(owner, leaves);
    const isStillAsked = taken === null && (await this.outcomes.pending(owner)) !== null;
    if (isStillAsked) return response.redirect(303, pathTo('reader', { uid }));
    await this.ending.goOnAfterForm(here, { with: 'reader', reader, pending: taken });
  }

  private async here(uid: string, browser: Browser | null, request: Request, response: Response): Promise<Here> {
    const signIn = await signInHere(this.provider, uid, request, response);
    if (browser === null) throw new SignInNotHere();
    return { signIn, browserId: browser.id, request, response };
  }

  private show(
    { signIn, response }: Here,
    pending: BridgeProof,
    { told, entered, hasError }: { told: unknown; entered: string; hasError: boolean },
  ): void {
    const { uid } = signIn;
    const rules = mailboxRulesFor(signIn, this.settings);
    const ways = this.settings.upstreams.map((upstream) => ({ upstream, suits: null }));
    const isStated = isNameAskedFor(pending, rules);
    const isByAccount = readerAskedFor(pending, rules) === 'account';
    response.render('oidc-bridge/sign-in/name-reader/name-reader', {
      ...{
        links: linksOf(uid),
        entered,
        hasError,
        isStated,
        isByAccount,
        noneFits: false,
        hasNoWay: isByAccount && ways.length === 0,
      },
      title: hasError ? 'signIn.reader.titleWithError' : 'signIn.reader.title',
      address: maskAddress(pending.address),
      accounts: isByAccount
        ? accountButtons(ways, (upstream) => pathTo('readerWithUpstream', { uid, upstream }), { hasPrimary: false })
        : [],
      notice: noticeOf(told),
    });
  }
}
