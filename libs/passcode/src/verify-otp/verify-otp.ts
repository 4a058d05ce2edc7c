import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { EphemeralStore } from '#libs/ephemeral-store';
import { decideAndAppend, EventStore, readState } from '#libs/event-store';
import { Clock } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { leaveAddressProof } from '../address-proof.ts';
import { Challenges } from '../challenges.ts';
import type { Challenge, EntryProblem } from '../challenges.ts';
import { IssuedOtps } from '../issued-otps.ts';
import { parseOneTimeCode } from '../one-time-code.ts';
import type { OneTimeCode } from '../one-time-code.ts';
import {
  codesInReach,
  MAX_OTP_REJECTIONS,
  OtpNotAwaited,
  passcodes,
  passcodeStream,
  triesLeft,
  verifyOtp,
} from '../passcode.ts';
import type { ChallengeId, OtpForm, PasscodeEvent } from '../passcode.ts';

export type OtpOutcome = 'accepted' | 'rejected' | 'exhausted' | 'malformed' | 'no-code';

/** What somebody entered in answer to a challenge. An accepted code leaves an AddressProof, named in the challenge. */
export class VerifyOtp extends Command<OtpOutcome> {
  readonly browserId: string;
  readonly challengeId: ChallengeId;
  /** As it was entered, in UTF-8: for whoever sent it to wipe. */
  readonly entered: Uint8Array;

  constructor(facts: Pick<VerifyOtp, 'browserId' | 'challengeId' | 'entered'>) {
    super();
    this.browserId = facts.browserId;
    this.challengeId = facts.challengeId;
    this.entered = facts.entered;
  }
}

@CommandHandler(VerifyOtp)
export class VerifyOtpHandler implements ICommandHandler<VerifyOtp> {
  constructor(
    private readonly store: EventStore,
    private readonly ephemeral: EphemeralStore,
    private readonly challenges: Challenges,
    private readonly otps: IssuedOtps,
    private readonly clock: Clock,
  ) {}

  /**
   * A guess counts only in the browser that began the challenge: from elsewhere it is neither evaluated nor counted. What is
   * no code at all is no guess. Each guess claims one of the challenge's five tries before anything is compared, so that a
   * hundred at once get no more; and what is decided is decided on the person's stream, where all limits come together.
   *
   * @throws ChallengeNotHere, PasscodeBusy, and what the stores throw when they are away: the try is given back then
   */
  async execute({ browserId, challengeId, entered }: VerifyOtp): Promise<OtpOutcome> {
    const now = this.clock.now();
    const challenge = await this.challenges.ofBrowser(browserId, challengeId);
    if (challenge.proofId !== null) return 'accepted';
    if (challenge.isExhausted) return 'exhausted';
    if (challenge.code === null) return 'no-code';
    const forms = [challenge.code.form, 'short', 'long'] as const; // an earlier code may have been of the other form
    const newest = challenge.code.codeNumber;
    for (const form of forms) {
      const code = parseOneTimeCode(entered, form);
      if (code === null) continue;
      try {
        return await this.guess({ browserId, challengeId, challenge, newest, code, form, now });
      } finally {
        code.fill(0);
      }
    }
    return this.tell(challengeId, 'malformed', { kind: 'malformed' });
  }

  private async guess(guess: Guess): Promise<OtpOutcome> {
    const { browserId, challengeId, challenge, form, now } = guess;
    const isInReach = form === challenge.code?.form || (await this.hasCodeInReach(challenge, challengeId, form, now));
    if (!isInReach) return this.tell(challengeId, 'malformed', { kind: 'malformed' });

    // Claimed before anything is compared. What is under way may still be right, so nothing is taken away here.
    if ((await this.challenges.claimTry(challengeId)) > MAX_OTP_REJECTIONS) {
      return this.tell(challengeId, 'exhausted', { kind: 'no-tries-left' });
    }
    try {
      return await this.judge(guess);
    } catch (error) {
      if (error instanceof OtpNotAwaited) return this.late(browserId, challengeId, error);
      await this.challenges.giveTryBack(challengeId);
      throw error;
    }
  }

  private async hasCodeInReach(
    { personId }: Challenge,
    challengeId: ChallengeId,
    form: OtpForm,
    now: Instant,
  ): Promise<boolean> {
    const { state } = await readState(this.store, passcodeStream(personId), passcodes);
    return codesInReach(state, challengeId, now).some((code) => code.form === form);
  }

  private async judge(guess: Guess): Promise<OtpOutcome> {
    const { challengeId, newest, form, now } = guess;
    const stream = passcodeStream(guess.challenge.personId);
    // Hashed is only what could still be accepted: a look at the stream costs less than argon2.
    const seen = await readState(this.store, stream, passcodes);
    const inReach = codesInReach(seen.state, challengeId, now).filter((one) => one.form === form);
    const numbers = inReach.map(({ codeNumber }) => codeNumber);
    const matched = numbers.length === 0 ? null : await this.otps.matching(challengeId, numbers, guess.code);
    const codeMatches = matched !== null;
    const codeNumber = matched ?? numbers[0] ?? newest; // a wrong one counts against the newest that it could have been
    const { events, state } = await decideAndAppend(this.store, stream, passcodes, (current) =>
      verifyOtp(current, { challengeId, codeNumber, codeMatches, now }),
    );
    for (const { type, data } of events) {
      if (type === 'OtpAccepted') return this.accept(guess, data.form === 'long');
      if (type === 'OtpExhausted') return this.exhaust(challengeId, newest);
    }
    return this.tell(challengeId, 'rejected', problemOf(events, triesLeft(state, challengeId)));
  }

  private async accept(
    { browserId, challengeId, challenge, newest, now }: Guess,
    longCode: boolean,
  ): Promise<'accepted'> {
    const { address, personId, returnTo } = challenge;
    const proof = {
      ...({ address, personId, method: 'passcode', provenAt: now } as const),
      ...{ browserId, returnTo, longCode, challengeId },
    };
    const proofId = await leaveAddressProof(this.ephemeral, proof);
    await this.challenges.change(challengeId, () => ({ proofId, problem: null }));
    await this.otps.forget(challengeId, newest);
    return 'accepted';
  }

  /** Another guess was faster: a second click, most of the time. */
  private async late(browserId: string, challengeId: ChallengeId, { how }: OtpNotAwaited): Promise<OtpOutcome> {
    const { proofId, code } = await this.challenges.ofBrowser(browserId, challengeId);
    if (how === 'exhausted') return this.exhaust(challengeId, code?.codeNumber ?? 0);
    // Accepted, yet no proof (so far, or for good where a process ended in between): the reader begins anew.
    if (proofId === null) await this.tell(challengeId, 'exhausted', { kind: 'no-tries-left' });
    return 'accepted';
  }

  private async exhaust(challengeId: ChallengeId, newest: number): Promise<'exhausted'> {
    await this.challenges.change(challengeId, () => ({ isExhausted: true, problem: null }));
    await this.otps.forget(challengeId, newest);
    return 'exhausted';
  }

  private async tell<Outcome extends OtpOutcome>(
    challengeId: ChallengeId,
    outcome: Outcome,
    problem: EntryProblem,
  ): Promise<Outcome> {
    await this.challenges.change(challengeId, () => ({ problem }));
    return outcome;
  }
}

interface Guess {
  readonly browserId: string;
  readonly challengeId: ChallengeId;
  readonly challenge: Challenge;
  /** Number of the challenge's newest code. */
  readonly newest: number;
  readonly code: OneTimeCode;
  readonly form: OtpForm;
  readonly now: Instant;
}

function problemOf(events: readonly PasscodeEvent[], left: number): EntryProblem {
  for (const event of events) {
    if (event.type === 'OtpRejected' && event.data.reason !== 'wrong') return { kind: event.data.reason };
  }
  return { kind: 'wrong', triesLeft: left };
}
