import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { maskAddress } from '#libs/vocabulary';
import { type Browser, KnownBrowser } from '#libs/web-ui';
import { BridgeProvider, SignInNotHere } from '../../provider/bridge-provider.ts';
import { signInHere } from '../sign-in-here.ts';
import type { BridgeProof } from '../../proof.ts';
import { OidcBridgeSettings } from '../../settings.ts';
import { accountButtons, noticeOf } from '../choose-way/choose-way-page.ts';
import { type Here, SignInEnding } from '../sign-in-ending.ts';
import { SignInOutcomes } from '../sign-in-outcomes.ts';
import { sharedMailboxRule } from '../ways-in.ts';
import { parseReaderName } from './reader-name.ts';

/** Who reads at a shared mailbox: asked after its address was proven by a passcode, and before the proof leaves. */
@Controller('sign-in/:uid/reader')
export class NameReaderController {
  constructor(
    private readonly provider: BridgeProvider,
    private readonly outcomes: SignInOutcomes,
    private readonly ending: SignInEnding,
    private readonly settings: OidcBridgeSettings,
  ) {}

  @Get()
  async page(
    @Param('uid') uid: string,
    @Query('told') told: unknown,
    @KnownBrowser() browser: Browser | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const here = await this.here(uid, browser, request, response);
    const pending = await this.outcomes.pending({ uid, browserId: here.browserId });
    if (pending === null) return response.redirect(303, `/sign-in/${uid}?told=over`);
    this.show(here, pending, { told, entered: '', hasError: false });
  }

  @Post()
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
    if (pending === null) return response.redirect(303, `/sign-in/${uid}?told=over`);
    // An account is asked for: a name typed into a form of somebody's own making does not do.
    if (this.ruleFor(pending) === 'account') return response.redirect(303, `/sign-in/${uid}/reader`);
    const name = parseReaderName(entered ?? '');
    if (name === null) {
      response.status(400);
      return this.show(here, pending, { told: null, entered: (entered ?? '').slice(0, 200), hasError: true });
    }
    const proof = await this.outcomes.takePending(owner);
    if (proof === null) return response.redirect(303, `/sign-in/${uid}?told=over`);
    await this.ending.leaveAfterForm(here, { ...proof, reader: { kind: 'stated', name } });
  }

  private async here(uid: string, browser: Browser | null, request: Request, response: Response): Promise<Here> {
    const signIn = await signInHere(this.provider, uid, request, response);
    if (browser === null) throw new SignInNotHere();
    return { signIn, browserId: browser.id, request, response };
  }

  private show(
    { signIn: { uid }, response }: Here,
    pending: BridgeProof,
    { told, entered, hasError }: { told: unknown; entered: string; hasError: boolean },
  ): void {
    const ways = this.settings.upstreams.map((upstream) => ({ upstream, suits: null }));
    const isStated = this.ruleFor(pending) === 'state';
    response.render('oidc-bridge/sign-in/name-reader/name-reader', {
      ...{ uid, entered, hasError, isStated, noneFits: false, hasNoWay: !isStated && ways.length === 0 },
      title: hasError ? 'signIn.reader.titleWithError' : 'signIn.reader.title',
      address: maskAddress(pending.address),
      accounts: isStated ? [] : accountButtons(ways, `/sign-in/${uid}/reader/with`, { hasPrimary: false }),
      notice: noticeOf(told),
    });
  }

  /** As configured now; a mailbox that is no longer listed is still asked for a name, since its proof was held back for that. */
  private ruleFor({ address }: BridgeProof): 'state' | 'account' {
    return sharedMailboxRule(address, this.settings)?.reader ?? 'state';
  }
}
