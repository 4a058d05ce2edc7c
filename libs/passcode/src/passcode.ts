import { randomBytes } from 'node:crypto';
import { streamName } from '#libs/event-store';
import type { Fold, StreamName } from '#libs/event-store';
import { base32Lower, DomainError, isWithin, plusSeconds, secondsBetween } from '#libs/vocabulary';
import type { Instant, PersonId } from '#libs/vocabulary';
import { passcodeEvents } from './passcode-events.ts';
import type { BudgetInEvent, ChallengeId, OtpForm, OtpRejection, PasscodeEvent } from './passcode-events.ts';

export type { ChallengeId, DeliveryFailure, OtpForm, OtpRejection, PasscodeEvent } from './passcode-events.ts';

/** 10 minutes: NIST SP 800-63B-4 §3.1.3.1, ASVS 5.0 6.5.5. */
export const OTP_TTL_SECONDS = 600;
/** 5 tries for a challenge over all its codes: bounds guessing, RFC 4226 §7.3. */
export const MAX_OTP_REJECTIONS = 5;
/**
 * 10 failures for a person in a rolling day, then codes are long. A wrong short code is one for each code that it was compared with, so
 * that 12 comparisons are the most: with 8 digits a chance of 1.2e-7 (threats.md B).
 */
export const MAX_OTP_FAILURES_PER_DAY = 10;
/**
 * 3 codes of a challenge that are good at once, each for its ten minutes: mails overtake each other, and people take the code of
 * the one that they opened (ops/decisions/2026-11-30-three-codes-at-once.md).
 */
export const MAX_CODES_AT_ONCE = 3;
/** 20 seconds: a second click on "send a new code" is the same wish, and costs nothing of the hour's codes. */
export const MIN_SECONDS_BETWEEN_CODES = 20;
/** A minute between codes past the hour's limit: a mailbox gets no flood of them, and its owner always gets in. */
export const LAST_RESORT_PAUSE_SECONDS = 60;

const SECONDS_PER_HOUR = 3600;
const SECONDS_PER_DAY = 86_400;

export interface PasscodeLimits {
  /** Codes to one address in a rolling hour, no matter who asks. */
  readonly codesPerHour: number;
  /** Codes to one address in a rolling hour, asked for from one network. */
  readonly codesPerHourAndNetwork: number;
}

export const DEFAULT_PASSCODE_LIMITS: PasscodeLimits = { codesPerHour: 12, codesPerHourAndNetwork: 3 };

/**
 * On whose account codes and failures are counted. `message`: the address stands in a sealed message. `client`: a client of
 * the bridge chose the address itself, and whatever it causes never spends what the recipients of messages have; all clients
 * share one account of an address, so that its mailbox is not flooded by several.
 */
export type OtpBudget =
  | { readonly of: 'message' }
  /** `codesPerHour`: over all addresses of that client. */
  | { readonly of: 'client'; readonly clientId: string; readonly codesPerHour: number };

export const MESSAGE_BUDGET: OtpBudget = { of: 'message' };

type Challenge =
  | {
      readonly status: 'awaiting-code';
      /** Of the newest code. */
      readonly codeNumber: number;
      readonly form: OtpForm;
      readonly issuedAt: Instant;
      readonly expiresAt: Instant;
      /** Those that may still be entered, oldest first, the newest among them. */
      readonly codes: readonly CodeInState[];
      readonly rejections: number;
      readonly budget: BudgetInEvent;
    }
  | { readonly status: 'spent'; readonly how: 'accepted' | 'exhausted'; readonly issuedAt: Instant };

export interface CodeInState {
  readonly codeNumber: number;
  readonly form: OtpForm;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
}

/** No more than the last day is held, however old the stream. */
export interface Passcodes {
  readonly challenges: ReadonlyMap<ChallengeId, Challenge>;
  /** Codes of the last hour, oldest first. */
  readonly issued: readonly IssuedInHour[];
  /** The latest failures of each budget, oldest first, no more than the limit asks for. */
  readonly failedAt: { readonly [Budget in OtpBudget['of']]: readonly Instant[] };
}

interface IssuedInHour {
  readonly at: Instant;
  readonly networkTag: string;
  readonly budget: OtpBudget['of'];
}

export const passcodes: Fold<Passcodes, PasscodeEvent> = {
  events: passcodeEvents.events,
  // The longest memory is of a day: failures. Twice that is on the safe side of a clock that is set.
  forgetsAfterSeconds: 2 * SECONDS_PER_DAY,
  initialState: () => ({ challenges: new Map(), issued: [], failedAt: { message: [], client: [] } }),
  evolve(state, event) {
    switch (event.type) {
      case 'OtpIssued': {
        const { challengeId, codeNumber, form, networkTag, issuedAt, expiresAt } = event.data;
        const known = state.challenges.get(challengeId);
        const budget = budgetIn(event.data);
        const rejections = known?.status === 'awaiting-code' ? known.rejections : 0; // a fresh code buys no fresh tries
        const code: CodeInState = { codeNumber, form, issuedAt, expiresAt };
        const before = known?.status === 'awaiting-code' ? known.codes : [];
        const recent = withoutOld(state, issuedAt);
        return {
          ...setChallenge(recent, challengeId, {
            status: 'awaiting-code',
            ...code,
            codes: [...before, code].slice(-MAX_CODES_AT_ONCE),
            rejections,
            budget,
          }),
          issued: [...recent.issued, { at: issuedAt, networkTag, budget: budget.budget ?? 'message' }],
        };
      }
      case 'OtpRejected': {
        const { challengeId, form, reason, rejectedAt } = event.data;
        const counted = countRejection(state, challengeId);
        if (form === 'long' || reason !== 'wrong') return counted;
        const budget = event.data.budget ?? 'message';
        const compared = new Array<Instant>(shortCodesAt(state, challengeId, rejectedAt)).fill(rejectedAt);
        const failedAt = [...state.failedAt[budget], ...compared].slice(-MAX_OTP_FAILURES_PER_DAY);
        return { ...counted, failedAt: { ...state.failedAt, [budget]: failedAt } };
      }
      case 'OtpAccepted':
        return spend(state, event.data.challengeId, 'accepted');
      case 'OtpExhausted':
        return spend(state, event.data.challengeId, 'exhausted');
      case 'OtpDelivered':
      case 'OtpDeliveryFailed':
        return state;
      default:
        event satisfies never;
        return state;
    }
  },
};

/** An address has had its codes for this hour. */
export class OtpLimitReached extends DomainError {
  /** When the next one may be asked for. */
  readonly retryAt: Instant;

  constructor(retryAt: Instant) {
    super('otp-limit-reached');
    this.retryAt = retryAt;
  }
}

/** Nobody waits for a code here: none was issued, or its challenge is over. */
export class OtpNotAwaited extends DomainError {
  readonly how: 'never-issued' | 'accepted' | 'exhausted';

  constructor(how: OtpNotAwaited['how']) {
    super('otp-not-awaited', how);
    this.how = how;
  }
}

export interface OtpWish {
  readonly challengeId: ChallengeId;
  readonly networkTag: string;
  readonly now: Instant;
  /** Default: of a message. */
  readonly budget?: OtpBudget;
  /**
   * `known`: signed in here before, with a share of its own. `last-resort`: others have spent this hour's codes; this one is long,
   * so that nobody guesses it, and comes after a pause. Default `within`: the hour's limits hold.
   */
  readonly standing?: 'within' | 'known' | 'last-resort';
}

/**
 * A code for a challenge, the first or a newer one. No event when the last one is only seconds old.
 * @throws OtpLimitReached; OtpNotAwaited when the challenge is over
 */
export function issueOtp(
  state: Passcodes,
  { challengeId, networkTag, now, budget = MESSAGE_BUDGET, standing = 'within' }: OtpWish,
  limits: PasscodeLimits = DEFAULT_PASSCODE_LIMITS,
): PasscodeEvent[] {
  const challenge = state.challenges.get(challengeId);
  if (challenge?.status === 'spent') throw new OtpNotAwaited(challenge.how);
  if (challenge && Math.abs(secondsBetween(challenge.issuedAt, now)) < MIN_SECONDS_BETWEEN_CODES) return [];

  const retryAt =
    standing === 'within' ? nextCodeAt(state, { networkTag, budget, now }, limits) : endOfPause(state, standing, now);
  if (retryAt > now) throw new OtpLimitReached(retryAt);
  return [
    {
      type: 'OtpIssued',
      data: {
        challengeId,
        codeNumber: (challenge?.codeNumber ?? 0) + 1,
        // Anyone who has an attachment could spend the day's failures: a code that needs no counting keeps the recipient in.
        form: standing === 'last-resort' || areShortCodesSuspended(state, now, budget.of) ? 'long' : 'short',
        networkTag,
        issuedAt: now,
        expiresAt: plusSeconds(now, OTP_TTL_SECONDS),
        ...(budget.of === 'message' ? { budget: 'message' } : { budget: 'client', clientId: budget.clientId }),
      },
    },
  ];
}

/** `codeMatches` is whether what was entered is the code with this number: a fact that only the shell can find out. */
export interface OtpAttempt {
  readonly challengeId: ChallengeId;
  readonly codeNumber: number;
  readonly codeMatches: boolean;
  readonly now: Instant;
}

/**
 * A wrong or expired code is an outcome the ledger must show: an event. A code nobody asked for is an error.
 * @throws OtpNotAwaited
 */
export function verifyOtp(
  state: Passcodes,
  { challengeId, codeNumber, codeMatches, now }: OtpAttempt,
): PasscodeEvent[] {
  const challenge = state.challenges.get(challengeId);
  if (challenge === undefined) throw new OtpNotAwaited('never-issued');
  if (challenge.status === 'spent') throw new OtpNotAwaited(challenge.how);
  const form = challenge.codes.find((code) => code.codeNumber === codeNumber)?.form ?? challenge.form;
  const obstacle = whyNotCompared(state, { challengeId, codeNumber, now });
  if (obstacle === null && codeMatches) {
    return [{ type: 'OtpAccepted', data: { challengeId, codeNumber, form, acceptedAt: now } }];
  }
  const reason = obstacle ?? 'wrong';
  const rejected: PasscodeEvent = {
    type: 'OtpRejected',
    data: { challengeId, codeNumber, form, rejectedAt: now, reason, ...challenge.budget },
  };
  if (challenge.rejections + 1 < MAX_OTP_REJECTIONS) return [rejected];
  return [rejected, { type: 'OtpExhausted', data: { challengeId, exhaustedAt: now } }];
}

/**
 * Why comparing what was entered with the code could make no difference; null when it could. The answer never depends on what
 * was entered.
 */
export function whyNotCompared(
  state: Passcodes,
  { challengeId, codeNumber, now }: Omit<OtpAttempt, 'codeMatches'>,
): OtpRejection | null {
  const challenge = state.challenges.get(challengeId);
  const code =
    challenge?.status === 'awaiting-code' ? challenge.codes.find((one) => one.codeNumber === codeNumber) : undefined;
  if (challenge?.status !== 'awaiting-code' || code === undefined) return 'superseded';
  if (isOutOfTime(code, now)) return 'expired';
  if (code.form === 'short' && areShortCodesSuspended(state, now, challenge.budget.budget ?? 'message'))
    return 'short-codes-suspended';
  return null;
}

/** Over, or from a time that a clock set back says is still to come: it would be good for longer than anybody meant. */
export function isOutOfTime({ expiresAt }: Pick<CodeInState, 'expiresAt'>, now: Instant): boolean {
  return now >= expiresAt || now < plusSeconds(expiresAt, -2 * OTP_TTL_SECONDS);
}

/** The codes of a challenge that may still be entered at that time, newest first. */
export function codesInReach(state: Passcodes, challengeId: ChallengeId, now: Instant): readonly CodeInState[] {
  const challenge = state.challenges.get(challengeId);
  if (challenge?.status !== 'awaiting-code') return [];
  return challenge.codes
    .filter(({ codeNumber }) => whyNotCompared(state, { challengeId, codeNumber, now }) === null)
    .reverse();
}

export function areShortCodesSuspended(
  { failedAt }: Passcodes,
  now: Instant,
  budget: OtpBudget['of'] = 'message',
): boolean {
  return failedAt[budget].filter((at) => secondsBetween(at, now) < SECONDS_PER_DAY).length >= MAX_OTP_FAILURES_PER_DAY;
}

/** Tries that a challenge has left; 0 when it is over or has no code. */
export function triesLeft(state: Passcodes, challengeId: ChallengeId): number {
  const challenge = state.challenges.get(challengeId);
  return challenge?.status === 'awaiting-code' ? MAX_OTP_REJECTIONS - challenge.rejections : 0;
}

export function passcodeStream(personId: PersonId): StreamName {
  return streamName(passcodeEvents.category, personId);
}

export function newChallengeId(): ChallengeId {
  return base32Lower(randomBytes(16)) as ChallengeId;
}

/** @returns null for anything that cannot be a challenge id */
export function parseChallengeId(text: string): ChallengeId | null {
  return /^[a-z2-7]{26}$/.test(text) ? (text as ChallengeId) : null;
}

/** When the hour's limits leave room for another code; `now` when they do already. */
export function nextCodeAt(
  { issued }: Passcodes,
  { networkTag, budget, now }: { networkTag: string; budget: OtpBudget; now: Instant },
  limits: PasscodeLimits,
): Instant {
  const hour = issued.filter((code) => code.budget === budget.of && isWithin(SECONDS_PER_HOUR, code.at, now));
  const ofNetwork = hour.filter((code) => code.networkTag === networkTag);
  return [
    endOfWindow(hour, limits.codesPerHour, now),
    endOfWindow(ofNetwork, limits.codesPerHourAndNetwork, now),
  ].reduce((later, at) => (at > later ? at : later));
}

function endOfPause({ issued }: Passcodes, standing: 'known' | 'last-resort', now: Instant): Instant {
  const last = issued.at(-1);
  if (standing === 'known' || last === undefined || last.at > now) return now;
  return plusSeconds(last.at, LAST_RESORT_PAUSE_SECONDS);
}

/** When so many of the codes are an hour old that the next one is within the limit; now, when it is already. */
function endOfWindow(codes: readonly { readonly at: Instant }[], limit: number, now: Instant): Instant {
  const times = codes.map(({ at }) => at).sort();
  const blocking = times[times.length - limit];
  return blocking === undefined ? now : plusSeconds(blocking, SECONDS_PER_HOUR);
}

function budgetIn(data: BudgetInEvent): BudgetInEvent {
  return data.budget === 'client' ? { budget: 'client', clientId: data.clientId } : { budget: 'message' };
}

function setChallenge(state: Passcodes, challengeId: ChallengeId, challenge: Challenge): Passcodes {
  return { ...state, challenges: new Map(state.challenges).set(challengeId, challenge) };
}

function countRejection(state: Passcodes, challengeId: ChallengeId): Passcodes {
  const challenge = state.challenges.get(challengeId);
  if (challenge?.status !== 'awaiting-code') return state;
  return setChallenge(state, challengeId, { ...challenge, rejections: challenge.rejections + 1 });
}

/** With how many short codes a guess at that time was compared, 1 at least. */
function shortCodesAt(state: Passcodes, challengeId: ChallengeId, now: Instant): number {
  const challenge = state.challenges.get(challengeId);
  if (challenge?.status !== 'awaiting-code') return 1;
  return Math.max(1, challenge.codes.filter(({ form, expiresAt }) => form === 'short' && now < expiresAt).length);
}

function spend(state: Passcodes, challengeId: ChallengeId, how: 'accepted' | 'exhausted'): Passcodes {
  const challenge = state.challenges.get(challengeId);
  return challenge ? setChallenge(state, challengeId, { status: 'spent', how, issuedAt: challenge.issuedAt }) : state;
}

/** A challenge lives for half an hour after its last code at most (challenges.ts); a day is on the safe side of any clock. */
function withoutOld(state: Passcodes, now: Instant): Passcodes {
  const challenges = [...state.challenges].filter(
    ([, { issuedAt }]) => secondsBetween(issuedAt, now) < SECONDS_PER_DAY,
  );
  const issued = state.issued.filter(({ at }) => secondsBetween(at, now) < SECONDS_PER_HOUR);
  return { ...state, challenges: new Map(challenges), issued };
}
