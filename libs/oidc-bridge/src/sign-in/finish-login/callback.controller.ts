import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Logger, Param, Query, Req, Res, UseInterceptors } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { Clock } from '#libs/vocabulary';
import { HeadSpendsNothing, KnownBrowser } from '#libs/web-ui';
import type { Browser } from '#libs/web-ui';
import { SignInNotHere } from '../../provider/bridge-provider.ts';
import type { SignInFailure } from '../../sign-in-events.ts';
import { OidcBridgeSettings } from '../../settings.ts';
import { UpstreamRefused, UpstreamUnreachable } from '../../upstreams/upstream.ts';
import type { Upstream, UpstreamIdentity } from '../../upstreams/upstream.ts';
import { pathTo, redirectUriOf, SIGN_IN_ADDRESSES } from '../addresses.ts';
import { LoginAttempts } from '../login-attempts.ts';
import type { AttemptEnd, LoginAttempt } from '../login-attempts.ts';
import { pathAfter } from '../next-sign-in-step.ts';
import type { Told } from '../next-sign-in-step.ts';
import { RecordFailedSignIn } from '../record-failed-sign-in.ts';
import { SignInOutcomes } from '../sign-in-outcomes.ts';
import { verdictOn } from './verdict.ts';

/** A second click waits for what the first one comes to: a little longer than a provider may take to answer twice. */
const WAIT_FOR_FIRST_MS = 12_000;
const ASK_EVERY_MS = 100;

/** How an attempt that came to nothing ends: for the record, and for the page. */
class AttemptFailed {
  constructor(
    readonly reason: SignInFailure,
    readonly told: Told,
  ) {}
}

/**
 * Where a provider sends the browser back to. The cookie of the interaction does not come here (its path is the sign-in page's),
 * so what is found out is left for the page that has it.
 */
@Controller()
@UseInterceptors(HeadSpendsNothing)
export class CallbackController {
  private readonly logger = new Logger('sign-in');

  constructor(
    private readonly attempts: LoginAttempts,
    private readonly outcomes: SignInOutcomes,
    private readonly commands: CommandBus,
    private readonly clock: Clock,
    private readonly settings: OidcBridgeSettings,
  ) {}

  /**
   * Without the cookie of a browser nothing is looked at, spent or recorded: scanners and previews come so.
   * @throws SignInNotHere for them, for a state that nobody waits for, and for another browser's
   */
  @Get(SIGN_IN_ADDRESSES.callback)
  async callback(
    @Param('upstream') upstreamId: string,
    @Query('state') state: unknown,
    @KnownBrowser() browser: Browser | null,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const claim = browser === null ? null : await this.attempts.claim(state, browser.id);
    if (claim === null || typeof state !== 'string') throw new SignInNotHere();
    const { attempt } = claim;
    if (claim.status === 'elsewhere') {
      await this.recordElsewhere(state, attempt, claim.wasClaimed ? 'replayed' : 'wrong-browser');
      throw new SignInNotHere(); // never leads a browser into another one's sign-in
    }
    const end =
      claim.status === 'first'
        ? await this.endOrNothing(state, attempt, upstreamId, request)
        : await this.endAgain(state, attempt);
    response.redirect(303, end.path);
  }

  /** Whoever comes again after a failure of our own is led on at once, to begin anew. */
  private async endOrNothing(...facts: Parameters<CallbackController['end']>): Promise<AttemptEnd> {
    try {
      return await this.end(...facts);
    } catch (error) {
      const [state, attempt] = facts;
      await this.attempts.settle(state, overOf(attempt));
      throw error;
    }
  }

  /** The one evaluation of an attempt. However it goes, the browser is led on and a second click goes to the same place. */
  private async end(state: string, attempt: LoginAttempt, upstreamId: string, request: Request): Promise<AttemptEnd> {
    const upstream = this.settings.upstreams.find(({ id }) => id === attempt.upstreamId);
    if (upstream === undefined) throw new SignInNotHere(); // gone from the configuration meanwhile
    const identity = await this.identityOf(attempt, upstream, upstreamId, request);
    if (identity instanceof AttemptFailed) {
      await this.record(attempt, upstream, identity.reason);
      const { uid, purpose } = attempt;
      const end = { path: pathAfter(uid, { with: 'failure', purpose, told: identity.told }), outcomeId: null };
      await this.attempts.settle(state, end);
      return end;
    }
    const verdict = verdictOn(identity, attempt, upstream, this.clock.now());
    if (verdict.kind === 'not-proven') await this.record(attempt, upstream, verdict.reason);
    const { shownAs } = identity;
    const outcome =
      verdict.kind === 'not-proven' ? { kind: 'not-proven' as const, upstreamId: upstream.id, shownAs } : verdict;
    const outcomeId = await this.outcomes.leave({ uid: attempt.uid, browserDigest: attempt.browserDigest }, outcome);
    const end = { path: pathTo('finish', { uid: attempt.uid }, { outcome: outcomeId }), outcomeId };
    await this.attempts.settle(state, end);
    return end;
  }

  private async identityOf(
    { upstreamId: begunWith, kept }: LoginAttempt,
    upstream: Upstream,
    finishedWith: string,
    request: Request,
  ): Promise<UpstreamIdentity | AttemptFailed> {
    if (finishedWith !== begunWith) return new AttemptFailed('wrong-provider', 'refused');
    const redirectUri = redirectUriOf(upstream, this.settings);
    const callback = new URL(redirectUri);
    callback.search = request.originalUrl.slice(`${request.path}`.length);
    try {
      return await upstream.finish({ callback, redirectUri, kept });
    } catch (error) {
      if (error instanceof UpstreamUnreachable) return new AttemptFailed('provider-unreachable', 'unreachable');
      if (!(error instanceof UpstreamRefused)) throw error;
      this.logger.warn(`${upstream.id} was refused (${error.reason}): ${error.message}`);
      return new AttemptFailed(error.reason, error.reason === 'cancelled' ? 'cancelled' : 'refused');
    }
  }

  /** The same browser again: a second click, a reload, the back button. Nobody is blamed for it, and the page goes on. */
  private async endAgain(state: string, attempt: LoginAttempt): Promise<AttemptEnd> {
    for (let waited = 0; waited < WAIT_FOR_FIRST_MS; waited += ASK_EVERY_MS) {
      const end = await this.attempts.endOf(state, attempt);
      if (end !== null) return end;
      await sleep(ASK_EVERY_MS);
    }
    return { path: pathAfter(attempt.uid, { with: 'nothing' }), outcomeId: null };
  }

  private async recordElsewhere(state: string, attempt: LoginAttempt, reason: SignInFailure): Promise<void> {
    if (!(await this.attempts.noteSeenElsewhere(state))) return;
    const upstream = this.settings.upstreams.find(({ id }) => id === attempt.upstreamId);
    await this.record(attempt, upstream ?? null, reason);
  }

  private record(attempt: LoginAttempt, upstream: Upstream | null, reason: SignInFailure): Promise<void> {
    return this.commands.execute(new RecordFailedSignIn(attempt, upstream, reason));
  }
}

function overOf({ uid }: LoginAttempt): AttemptEnd {
  return { path: pathAfter(uid, { with: 'nothing-left' }), outcomeId: null };
}
