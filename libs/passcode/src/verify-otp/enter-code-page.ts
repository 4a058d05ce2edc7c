import { maskAddress, secondsBetween } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import type { TextKey } from '#libs/web-ui';
import type { Challenge, CodeDelivery } from '../challenges.ts';
import { codeReference } from '../code-reference.ts';
import { isOutOfTime } from '../passcode.ts';
import type { ChallengeId, OtpForm } from '../passcode.ts';

/** 90 seconds without word of a first try: the process that sent the mail has ended. */
const SENDING_IS_OVER_AFTER_SECONDS = 90;

/** Often enough to tell soon. Only while the first mail is on its way, when there is no code that anybody could be typing. */
const LOOKS_AGAIN_AFTER_SECONDS = 5;

/** What stands on the page of a challenge; everything that is not there is null, since templates are strict. */
export interface EnterCodePage {
  readonly title: TextKey;
  /** The title without what only a screen reader must hear first. */
  readonly heading: TextKey;
  readonly challengeId: ChallengeId;
  /** Masked: `a••••••@example.com`. */
  readonly address: string;
  readonly startAgainAt: string;
  /** The form, while there is a code that could be entered. */
  readonly entry: {
    readonly isLong: boolean;
    /** What is true of its mail: said as sent only once a mail server took it; null once it is known that it will not come. */
    readonly lead: TextKey | null;
    /** Whole minutes for which the newest code is good, 1 at least. */
    readonly minutesLeft: number;
    readonly reference: string;
    readonly expiresAt: Instant;
    readonly error: { readonly text: TextKey; readonly triesLeft: number | null } | null;
  } | null;
  readonly delivery: {
    readonly text: TextKey;
    readonly at: Instant;
    readonly tone: '' | 'good' | 'warn' | 'bad';
    readonly canChange: boolean;
  } | null;
  /** Seconds after which the page looks by itself whether its mail was taken, or its code is over; null when nothing will change. */
  readonly looksAgainAfterSeconds: number | null;
  /** Why there is nothing to enter, or why a new code is needed. */
  readonly notice: { readonly text: TextKey; readonly at: Instant | null } | null;
  readonly canAskAgain: boolean;
  readonly isOver: boolean;
}

export function enterCodePage(challengeId: ChallengeId, challenge: Challenge, now: Instant): EnterCodePage {
  const { code, problem } = challenge;
  const isOver = challenge.isExhausted || problem?.kind === 'no-tries-left';
  const isExpired = code !== null && isOutOfTime(code, now);
  const error = code === null ? null : errorOf(challenge, code.form);
  const delivery = challenge.delivery && deliveryOf(challenge.delivery, now);
  const isEnterable = !isOver && code !== null && !isExpired && problem?.kind !== 'short-codes-suspended';
  return {
    title: titleOf(isOver, isEnterable, error !== null),
    heading: titleOf(isOver, isEnterable, false),
    challengeId,
    address: maskAddress(challenge.address),
    startAgainAt: challenge.startAgainAt,
    entry: isEnterable
      ? {
          isLong: code.form === 'long',
          lead: leadOf(challenge.delivery, delivery?.tone === 'bad'),
          minutesLeft: Math.max(1, Math.floor(secondsBetween(now, code.expiresAt) / 60)),
          reference: codeReference(challengeId, code.codeNumber),
          expiresAt: code.expiresAt,
          error,
        }
      : null,
    delivery: isEnterable ? delivery : null,
    looksAgainAfterSeconds: isEnterable ? looksAgainAfter(challenge, code, delivery?.canChange === true, now) : null,
    notice: isOver ? { text: 'passcode.over.text', at: null } : noticeOf(challenge, isExpired),
    canAskAgain: !isOver,
    isOver,
  };
}

/** Soon while the first mail is on its way; else when the code is over, to say so and to offer a new one. */
function looksAgainAfter(
  { problem }: Challenge,
  { codeNumber, expiresAt }: NonNullable<Challenge['code']>,
  isOnItsWay: boolean,
  now: Instant,
): number {
  if (isOnItsWay && codeNumber === 1 && problem === null) return LOOKS_AGAIN_AFTER_SECONDS;
  return Math.ceil(secondsBetween(now, expiresAt)) + 1;
}

function leadOf(delivery: CodeDelivery | null, willNotCome: boolean): TextKey | null {
  if (willNotCome) return null;
  return delivery?.status === 'taken' ? 'passcode.enter.sentTo' : 'passcode.enter.isSending';
}

function titleOf(isOver: boolean, isEnterable: boolean, hasError: boolean): TextKey {
  if (isOver) return 'passcode.over.title';
  if (!isEnterable) return 'passcode.needed.title';
  return hasError ? 'passcode.enter.titleWithError' : 'passcode.enter.title';
}

function errorOf({ problem }: Challenge, form: OtpForm): { text: TextKey; triesLeft: number | null } | null {
  switch (problem?.kind) {
    case 'wrong':
      return { text: 'passcode.error.wrong', triesLeft: problem.triesLeft };
    case 'malformed':
      return { text: form === 'long' ? 'passcode.error.malformedLong' : 'passcode.error.malformed', triesLeft: null };
    case 'superseded':
      return { text: 'passcode.error.superseded', triesLeft: null };
    case 'expired':
    case 'short-codes-suspended':
    case 'no-tries-left':
    case 'limit-reached':
    case 'client-limit-reached':
    case 'on-its-way':
    case undefined:
      return null;
  }
}

function noticeOf({ problem, code }: Challenge, isExpired: boolean): { text: TextKey; at: Instant | null } | null {
  if (problem?.kind === 'limit-reached') return { text: 'passcode.notice.limitReached', at: problem.retryAt };
  if (problem?.kind === 'client-limit-reached') return { text: 'passcode.notice.clientLimitReached', at: null };
  if (problem?.kind === 'short-codes-suspended') return { text: 'passcode.notice.suspended', at: null };
  if (code === null) return { text: 'passcode.notice.none', at: null };
  if (isExpired) return { text: 'passcode.notice.expired', at: null };
  return problem?.kind === 'on-its-way' ? { text: 'passcode.notice.onItsWay', at: null } : null;
}

function deliveryOf(delivery: CodeDelivery, now: Instant): NonNullable<EnterCodePage['delivery']> {
  switch (delivery.status) {
    case 'sending':
      return secondsBetween(delivery.at, now) > SENDING_IS_OVER_AFTER_SECONDS
        ? { text: 'passcode.delivery.failed', at: delivery.at, tone: 'bad', canChange: false }
        : { text: 'passcode.delivery.sending', at: delivery.at, tone: '', canChange: true };
    case 'trying-again':
      return { text: 'passcode.delivery.tryingAgain', at: delivery.nextTryAt, tone: 'warn', canChange: true };
    case 'taken':
      return { text: 'passcode.delivery.taken', at: delivery.at, tone: 'good', canChange: false };
    case 'refused':
      return { text: 'passcode.delivery.refused', at: delivery.at, tone: 'bad', canChange: false };
    case 'failed':
      return { text: 'passcode.delivery.failed', at: delivery.at, tone: 'bad', canChange: false };
  }
}
