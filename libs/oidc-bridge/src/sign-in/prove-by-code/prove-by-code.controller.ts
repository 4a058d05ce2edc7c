import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  Headers,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { Request, Response } from 'express';
import { EphemeralStore } from '#libs/ephemeral-store';
import { PersonDirectory } from '#libs/keyring';
import { Challenges, IssueOtp, MESSAGE_BUDGET, takeAddressProof } from '#libs/passcode';
import type { OtpBudget, TakenProof } from '#libs/passcode';
import { AddressRefused, Clock, parseWrittenAddress } from '#libs/vocabulary';
import type { MailAddress, PersonId } from '#libs/vocabulary';
import { BrowserSession, HeadSpendsNothing, KnownBrowser, RequestLocale, RequestNetwork } from '#libs/web-ui';
import type { Browser, ClientNetwork, Locale, TextKey } from '#libs/web-ui';
import { BridgeProvider, SignInNotHere } from '../../provider/bridge-provider.ts';
import { issuerOf } from '../../provider/configuration.ts';
import { pathTo, SIGN_IN_ADDRESSES } from '../addresses.ts';
import { pathAfter } from '../next-sign-in-step.ts';
import { signInHere } from '../sign-in-here.ts';
import { SignInOverFilter } from '../sign-in-over-filter.ts';
import type { BridgeProof, SignInRequest } from '../../proof.ts';
import { OidcBridgeSettings } from '../../settings.ts';
import { chooseWayPage } from '../choose-way-page.ts';
import { PasscodeNotOffered } from '../error-pages.ts';
import { RecordFailedSignIn } from '../record-failed-sign-in.ts';
import { SignInEnding } from '../sign-in-ending.ts';
import type { Here } from '../sign-in-ending.ts';
import { isListed, passcodeWay } from '../ways-in.ts';

/**
 * 300 ms: an address that a client chose gets its answer no sooner, so that it takes as long for one that the portal knows as
 * for one that it does not (threats.md A12). Many times what looking up or making a person takes.
 */
const ANSWER_AFTER_MS = 300;

/** Who asks for a code, and in which language. */
interface Visit {
  readonly browser: Browser;
  readonly locale: Locale;
  readonly network: ClientNetwork;
  readonly userAgent: string | undefined;
}

/** The passcode as one way among several: the passcode room's own pages, within this sign-in. */
@Controller()
@UseFilters(SignInOverFilter)
@UseInterceptors(HeadSpendsNothing)
export class ProveByCodeController {
  constructor(
    private readonly provider: BridgeProvider,
    private readonly challenges: Challenges,
    private readonly ending: SignInEnding,
    private readonly commands: CommandBus,
    private readonly persons: PersonDirectory,
    private readonly ephemeral: EphemeralStore,
    private readonly clock: Clock,
    private readonly settings: OidcBridgeSettings,
  ) {}

  /** @throws PasscodeNotOffered, also for whoever forces it by hand; TooManyChallenges, ClientCodesSpent */
  @Post(SIGN_IN_ADDRESSES.code)
  async begin(
    @Param('uid') uid: string,
    @Body('address') entered: string | undefined,
    @BrowserSession() browser: Browser,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Headers('user-agent') userAgent: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signIn = await signInHere(this.provider, uid, request, response);
    const way = passcodeWay(signIn, this.settings);
    if (way !== 'offered' && way !== 'for-any') throw new PasscodeNotOffered();
    const address = signIn.wantedAddress ?? this.parseEntered(entered ?? '');
    if ('error' in Object(address)) {
      const { error } = address as { error: TextKey };
      const page = chooseWayPage(signIn, this.settings, null, {
        entered: { text: (entered ?? '').slice(0, 320), error },
      });
      return response.status(400).render('oidc-bridge/sign-in/choose-way', page);
    }

    response.redirect(
      303,
      await this.begunFor(signIn, address as MailAddress, { browser, locale, network, userAgent }),
    );
  }

  /**
   * Where the passcode room brings its proof: taken once, in the browser and for the sign-in that it was made in. Without a proof,
   * and where the reader asked for a code at the portal, it is the beginning.
   */
  @Get(SIGN_IN_ADDRESSES.code)
  async proven(
    @Param('uid') uid: string,
    @Query('proof') proofId: unknown,
    @KnownBrowser() browser: Browser | null,
    @RequestLocale() locale: Locale,
    @RequestNetwork() network: ClientNetwork,
    @Headers('user-agent') userAgent: string | undefined,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signIn = await signInHere(this.provider, uid, request, response);
    if (browser === null) throw new SignInNotHere();
    if (proofId === undefined && signIn.wantsCode && signIn.wantedAddress !== null) {
      if (passcodeWay(signIn, this.settings) !== 'offered') return response.redirect(303, pathTo('page', { uid }));
      const visit = { browser, locale, network, userAgent };
      return response.redirect(303, await this.begunFor(signIn, signIn.wantedAddress, visit));
    }
    const owner = { browserId: browser.id, returnTo: pathTo('code', { uid }) };
    const taken = typeof proofId === 'string' ? await takeAddressProof(this.ephemeral, proofId, owner) : null;
    if (taken?.status !== 'taken') {
      await this.recordElsewhere(signIn, browser, taken);
      return response.redirect(303, pathAfter(uid, { with: 'nothing-left' }));
    }
    const { proof } = taken;
    const { address, provenAt, longCode, challengeId } = proof;
    const bridgeProof: BridgeProof = {
      ...{ address, method: 'passcode', provenAt, longCode, challengeId, roles: [] },
      issuer: issuerOf(this.settings.publicUrl),
      subject: proof.personId,
    };
    const here: Here = { signIn, browserId: browser.id, request, response };
    await this.ending.goOnAfterForm(here, { with: 'proof', proof: bridgeProof });
  }

  /** @returns where the code is entered: of the challenge that waits in this browser already, or of a new one */
  private async begunFor(signIn: SignInRequest, address: MailAddress, visit: Visit): Promise<string> {
    const { uid } = signIn;
    const { browser, locale, network, userAgent } = visit;
    const isMessage = isOfMessage(signIn);
    const floor = isMessage ? undefined : sleep(ANSWER_AFTER_MS);
    try {
      const budget = isMessage ? MESSAGE_BUDGET : this.budgetOf(signIn);
      const wish = {
        ...{ address, locale, budget, browserId: browser.id },
        ...{ returnTo: pathTo('code', { uid }), startAgainAt: pathTo('page', { uid }) },
      };
      const waiting = await this.challenges.takeUp(wish, this.clock.now());
      if (waiting !== null) return `/prove/code/${waiting}`;
      await this.challenges.checkBudget(budget, network.prefix); // before an address of anybody's choice becomes a person in the directory
      const person = { personId: await this.personOf(signIn, address) };
      const challengeId = await this.challenges.begin({ ...wish, person, networkPrefix: network.prefix });
      await this.commands.execute(new IssueOtp(challengeId, network.prefix, userAgent));
      return `/prove/code/${challengeId}`;
    } finally {
      await floor;
    }
  }

  /** Another sign-in of the same browser is nobody's attack: a second tab, or the way back. @throws SignInNotHere */
  private async recordElsewhere(
    { clientId }: SignInRequest,
    browser: Browser,
    taken: TakenProof | null,
  ): Promise<void> {
    if (taken?.status !== 'elsewhere' || taken.proof.browserId === browser.id) return;
    const tried = { clientId, personId: taken.proof.personId };
    if (taken.isFirstTime) {
      await this.commands.execute(new RecordFailedSignIn(tried, { method: 'passcode' }, 'wrong-browser'));
    }
    throw new SignInNotHere();
  }

  private parseEntered(entered: string): MailAddress | { readonly error: TextKey } {
    try {
      const address = parseWrittenAddress(entered.trim());
      if (isListed(address, this.settings.noPasscodeFor)) return { error: 'signIn.code.errorBarred' };
      return address;
    } catch (error) {
      if (!(error instanceof AddressRefused)) throw error;
      return { error: entered.trim() === '' ? 'signIn.code.errorEmpty' : 'signIn.code.errorAddress' };
    }
  }

  private async personOf(signIn: SignInRequest, address: MailAddress): Promise<PersonId> {
    if (signIn.wantedAddress !== null && signIn.personId !== null) return signIn.personId;
    if (isOfMessage(signIn)) throw new SignInNotHere(); // whoever a message was sent to is known, unless erased since
    return (await this.persons.findOrCreate(address)).personId;
  }

  private budgetOf({ clientId }: SignInRequest): OtpBudget {
    const client = this.settings.clients.find((one) => one.clientId === clientId && one.kind !== 'program');
    const codesPerHour = client !== undefined && client.kind !== 'program' ? client.passcodesPerHour : 0;
    return { of: 'client', clientId, codesPerHour };
  }
}

/** Our own portal asks for addresses that stand in sealed messages; whatever a reader types in is no such address. */
function isOfMessage({ clientKind, wantedAddress }: SignInRequest): boolean {
  return clientKind === 'portal' && wantedAddress !== null;
}
