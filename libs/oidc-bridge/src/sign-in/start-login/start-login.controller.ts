import { Controller, Get, Param, Query, Req, Res, UseFilters, UseInterceptors } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { BrowserSession, HeadSpendsNothing, RequestLocale, RequestNetwork } from '#libs/web-ui';
import type { Browser, ClientNetwork, Locale } from '#libs/web-ui';
import { BridgeProvider } from '../../provider/bridge-provider.ts';
import { signInHere } from '../sign-in-here.ts';
import { SignInOverFilter } from '../sign-in-over-filter.ts';
import type { SignInRequest } from '../../proof.ts';
import { OidcBridgeSettings } from '../../settings.ts';
import { UpstreamUnreachable } from '../../upstreams/upstream.ts';
import type { Upstream } from '../../upstreams/upstream.ts';
import { redirectUriOf, SIGN_IN_ADDRESSES } from '../addresses.ts';
import { digestOf, newSecret } from '#libs/vocabulary';
import { NoSuchUpstream } from '../error-pages.ts';
import { LoginAttempts, TooManySignIns } from '../login-attempts.ts';
import { pathAfter } from '../next-sign-in-step.ts';
import type { Told } from '../next-sign-in-step.ts';
import { RecordFailedSignIn } from '../record-failed-sign-in.ts';
import { SignInOutcomes } from '../sign-in-outcomes.ts';
import { accountWays } from '../ways-in.ts';

interface Start {
  readonly signIn: SignInRequest;
  readonly upstream: Upstream;
  readonly purpose: 'sign-in' | 'reader';
  readonly isForAnother: boolean;
  readonly browser: Browser;
  readonly locale: Locale;
  readonly network: ClientNetwork;
}

/** A provider's button: a plain link, so that `form-action 'self'` stands where it leads to another site. */
@Controller()
@UseFilters(SignInOverFilter)
@UseInterceptors(HeadSpendsNothing)
export class StartLoginController {
  constructor(
    private readonly provider: BridgeProvider,
    private readonly attempts: LoginAttempts,
    private readonly outcomes: SignInOutcomes,
    private readonly commands: CommandBus,
    private readonly settings: OidcBridgeSettings,
  ) {}

  /** Any account that will do for this sign-in. A console's are of the organisation alone, also for whoever types the address. */
  @Get(SIGN_IN_ADDRESSES.withUpstream)
  async signIn(
    @Param('uid') uid: string,
    @Param('upstream') upstreamId: string,
    @Query('another') another: unknown,
    @BrowserSession() browser: Browser,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signIn = await signInHere(this.provider, uid, request, response);
    const way = accountWays(signIn, this.settings).find(({ upstream }) => upstream.id === upstreamId);
    if (way === undefined) throw new NoSuchUpstream();
    const isForAnother = another === 'account';
    const start: Start = { signIn, upstream: way.upstream, purpose: 'sign-in', isForAnother, browser, locale, network };
    response.redirect(303, await this.locationOf(start));
  }

  /** Any account, to show who reads at a shared mailbox that was proven by a passcode just now. */
  @Get(SIGN_IN_ADDRESSES.readerWithUpstream)
  async reader(
    @Param('uid') uid: string,
    @Param('upstream') upstreamId: string,
    @BrowserSession() browser: Browser,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signIn = await signInHere(this.provider, uid, request, response);
    const upstream = this.settings.upstreams.find(({ id }) => id === upstreamId);
    if (upstream === undefined) throw new NoSuchUpstream();
    const pending = await this.outcomes.pending({ uid, browserId: browser.id });
    if (pending === null) return response.redirect(303, pathAfter(uid, { with: 'nothing-left' }));
    const start: Start = { signIn, upstream, purpose: 'reader', isForAnother: false, browser, locale, network };
    response.redirect(303, await this.locationOf(start));
  }

  private async locationOf(start: Start): Promise<string> {
    const { signIn, upstream, purpose, isForAnother, browser, locale, network } = start;
    const pageThatTells = (told: Told) => pathAfter(signIn.uid, { with: 'failure', purpose, told });
    if (!upstream.isReachable()) return pageThatTells('unreachable');
    try {
      await this.attempts.countBegun(signIn, network.prefix, browser.id);
    } catch (error) {
      if (error instanceof TooManySignIns) return pageThatTells('too-many');
      throw error;
    }
    const state = newSecret();
    const wantedAddress = purpose === 'reader' ? null : signIn.wantedAddress;
    try {
      const redirectUri = redirectUriOf(upstream, this.settings);
      const { location, kept } = await upstream.begin({ state, redirectUri, wantedAddress, isForAnother, locale });
      const { uid, clientId, clientKind, personId } = signIn;
      await this.attempts.keep(state, {
        ...{ uid, clientId, clientKind, personId, wantedAddress, purpose, kept },
        upstreamId: upstream.id,
        browserDigest: digestOf(browser.id),
      });
      return location.href;
    } catch (error) {
      if (!(error instanceof UpstreamUnreachable)) throw error;
      await this.commands.execute(new RecordFailedSignIn(signIn, upstream, 'provider-unreachable'));
      return pageThatTells('unreachable');
    }
  }
}
