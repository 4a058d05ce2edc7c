import { describe, expect, it } from '@jest/globals';
import { plusSeconds } from '#libs/vocabulary';
import type { Instant, MailAddress, PersonId } from '#libs/vocabulary';
import type { Challenge, CodeDelivery } from '../challenges.ts';
import type { ChallengeId } from '../passcode.ts';
import { enterCodePage } from './enter-code-page.ts';

const noon = '2026-11-25T12:00:00.000Z' as Instant;
const challengeId = 'a'.repeat(26) as ChallengeId;
const challenge: Challenge = {
  browserDigest: '',
  budget: { of: 'message' },
  personId: 'p'.repeat(26) as PersonId,
  address: 'anna@example.com' as MailAddress,
  locale: 'en',
  returnTo: '/m/abc/authenticate',
  startAgainAt: '/m/abc',
  code: { codeNumber: 1, form: 'short', issuedAt: noon, expiresAt: plusSeconds(noon, 600) },
  delivery: { status: 'taken', at: noon },
  problem: null,
  isExhausted: false,
  proofId: null,
};
const page = (changes: Partial<Challenge> = {}, secondsLater = 0) =>
  enterCodePage(challengeId, { ...challenge, ...changes }, plusSeconds(noon, secondsLater));

describe('the page of a challenge', () => {
  it('asks for the code', () => {
    expect(page()).toMatchObject({
      title: 'passcode.enter.title',
      address: 'a••••••@example.com',
      entry: { isLong: false, error: null },
      notice: null,
      canAskAgain: true,
      isOver: false,
    });
  });

  it('asks for a long code where one was sent', () =>
    expect(page({ code: { ...challenge.code!, form: 'long' } }).entry?.isLong).toBe(true));

  it.each<[CodeDelivery, number, string, boolean]>([
    [{ status: 'sending', at: noon }, 0, 'sending', true],
    [{ status: 'sending', at: noon }, 91, 'failed', false],
    [{ status: 'taken', at: noon }, 91, 'taken', false],
    [{ status: 'trying-again', at: noon, nextTryAt: plusSeconds(noon, 15) }, 0, 'tryingAgain', true],
    [{ status: 'refused', at: noon }, 0, 'refused', false],
    [{ status: 'failed', at: noon }, 0, 'failed', false],
  ])('shows a mail that is %p, %p s later', (delivery, later, text, canChange) =>
    expect(page({ delivery }, later).delivery).toMatchObject({ text: `passcode.delivery.${text}`, canChange }),
  );

  it('has nothing to enter once the code has expired, was suspended, or was never sent', () => {
    const none = { entry: null, delivery: null, canAskAgain: true, title: 'passcode.needed.title' };
    expect(page({}, 600)).toMatchObject({ ...none, notice: { text: 'passcode.notice.expired' } });
    // a clock that was set back a day: it would not be taken any more
    expect(page({}, -86_400)).toMatchObject({ ...none, notice: { text: 'passcode.notice.expired' } });
    expect(page({}, -60).entry?.minutesLeft).toBe(11);
    expect(page({ problem: { kind: 'short-codes-suspended' } })).toMatchObject({
      ...none,
      notice: { text: 'passcode.notice.suspended' },
    });
    expect(page({ code: null, delivery: null })).toMatchObject({ ...none, notice: { text: 'passcode.notice.none' } });
  });

  it('looks again by itself: soon while its mail is on its way, else when the code is over', () => {
    expect(page({ delivery: { status: 'sending', at: noon } }).looksAgainAfterSeconds).toBe(5);
    expect(page({}, 20).looksAgainAfterSeconds).toBe(581);
    const another = { ...challenge.code!, codeNumber: 2 }; // the first may be under the reader's fingers
    expect(page({ code: another, delivery: { status: 'sending', at: noon } }).looksAgainAfterSeconds).toBe(601);
    expect(page({}, 600).looksAgainAfterSeconds).toBeNull();
  });

  it('keeps the good code enterable when no further one is to be had', () => {
    const retryAt = plusSeconds(noon, 1800);
    expect(page({ problem: { kind: 'limit-reached', retryAt } })).toMatchObject({
      entry: { error: null },
      notice: { text: 'passcode.notice.limitReached', at: retryAt },
    });
  });

  it('says that a code is on its way to who asks for another too soon, and takes the old error back', () => {
    expect(page({ problem: { kind: 'on-its-way' } })).toMatchObject({
      entry: { error: null },
      notice: { text: 'passcode.notice.onItsWay', at: null },
    });
  });

  it.each<[Partial<Challenge>]>([[{ isExhausted: true }], [{ problem: { kind: 'no-tries-left' } }]])(
    'is over and leads to a new beginning: %p',
    (changes) =>
      expect(page(changes)).toMatchObject({
        title: 'passcode.over.title',
        entry: null,
        notice: { text: 'passcode.over.text' },
        canAskAgain: false,
        isOver: true,
        startAgainAt: '/m/abc',
      }),
  );
});
