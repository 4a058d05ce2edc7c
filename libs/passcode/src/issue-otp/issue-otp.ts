import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { decideAndAppend, EventStore, readState } from '#libs/event-store';
import { PersonDirectory, personPseudonym } from '#libs/keyring';
import { Clock, plusSeconds } from '#libs/vocabulary';
import { ChallengeNotHere, Challenges } from '../challenges.ts';
import type { EntryProblem } from '../challenges.ts';
import { HashingTurns, PasscodeBusy } from '../hashing-turns.ts';
import { IssueOtp } from '../issue-otp-command.ts';
import { IssuedOtps } from '../issued-otps.ts';
import { newOneTimeCode } from '../one-time-code.ts';
import { issueOtp, nextCodeAt, OtpLimitReached, OtpNotAwaited, passcodes, passcodeStream } from '../passcode.ts';
import type { PasscodeEvent } from '../passcode.ts';
import { PasscodeSettings } from '../settings.ts';
import { browserFamily } from './code-mail.ts';
import { CodeMails } from './code-mails.ts';

const SECONDS_PER_HOUR = 3600;

@CommandHandler(IssueOtp)
export class IssueOtpHandler implements ICommandHandler<IssueOtp> {
  constructor(
    private readonly store: EventStore,
    private readonly persons: PersonDirectory,
    private readonly challenges: Challenges,
    private readonly otps: IssuedOtps,
    private readonly turns: HashingTurns,
    private readonly mails: CodeMails,
    private readonly clock: Clock,
    private readonly settings: PasscodeSettings,
  ) {}

  /**
   * The record comes first: a code that could not be recorded is never made. Mail goes out after the answer, so that the
   * answer takes the same time whatever the address.
   *
   * @throws ChallengeNotHere, PasscodeBusy, and what the stores and the person directory throw when they are away
   */
  async execute({ challengeId, networkPrefix, userAgent }: IssueOtp): Promise<'issued' | 'limit-reached' | 'over'> {
    const challenge = await this.challenges.find(challengeId);
    const { personId, address, locale, budget } = challenge;
    if (this.turns.isFull || this.mails.isFull) throw new PasscodeBusy();
    await this.persons.checkWritable(); // a directory that takes no erasures proves nobody
    const person = await this.persons.findById(personId);
    if (person === null) throw new ChallengeNotHere(); // erased since it began
    const now = this.clock.now();
    const networkTag = personPseudonym(person, 'passcode-network', networkPrefix);
    const claim = await this.challenges.claimCode(challenge, networkPrefix, this.settings.limits);
    const { standing } = claim;
    if (standing === 'over') {
      const { state } = await readState(this.store, passcodeStream(personId), passcodes);
      const ofRecord = nextCodeAt(state, { networkTag, budget, now }, this.settings.limits);
      const retryAt = ofRecord > now ? ofRecord : plusSeconds(now, SECONDS_PER_HOUR); // at the latest
      const problem: EntryProblem =
        budget.of === 'client' ? { kind: 'client-limit-reached' } : { kind: 'limit-reached', retryAt };
      await this.challenges.change(challengeId, () => ({ problem }));
      return 'limit-reached';
    }
    const facts = { challengeId, networkTag, now, budget, standing };

    let events: readonly PasscodeEvent[];
    try {
      const stream = passcodeStream(personId);
      const decided = await decideAndAppend(this.store, stream, passcodes, (state) =>
        issueOtp(state, facts, this.settings.limits),
      );
      events = decided.events;
    } catch (error) {
      await claim.giveBack();
      if (error instanceof OtpNotAwaited) return 'over';
      if (!(error instanceof OtpLimitReached)) throw error;
      const { retryAt } = error;
      await this.challenges.change(challengeId, () => ({ problem: { kind: 'limit-reached', retryAt } }));
      return 'limit-reached';
    }

    if (events.length === 0) {
      await claim.giveBack();
      await this.challenges.change(challengeId, () => ({ problem: { kind: 'on-its-way' } }));
    }
    for (const event of events) {
      if (event.type !== 'OtpIssued') continue;
      const { codeNumber, form, issuedAt, expiresAt } = event.data;
      const code = newOneTimeCode(form);
      try {
        await this.otps.keep(challengeId, codeNumber, code);
        await this.challenges.change(challengeId, (current) =>
          (current.code?.codeNumber ?? 0) > codeNumber
            ? {}
            : {
                code: { codeNumber, form, issuedAt, expiresAt },
                delivery: { status: 'sending', at: now },
                problem: null,
              },
        );
        await this.challenges.noteCodeMade(challengeId, challenge);
      } catch (error) {
        code.fill(0);
        throw error;
      }
      this.mails.send({
        ...{ personId, challengeId, codeNumber, address, locale, code, issuedAt, expiresAt },
        browser: browserFamily(userAgent),
      });
    }
    return 'issued';
  }
}
