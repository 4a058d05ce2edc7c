import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import {
  areShortCodesSuspended,
  codesInReach,
  issueOtp,
  nextCodeAt,
  passcodes,
  triesLeft,
  verifyOtp,
} from './passcode.ts';
import type { ChallengeId, Passcodes } from './passcode.ts';
import type { PasscodeEvent } from './passcode-events.ts';

const BEGIN = instantOf('2026-01-01T00:00:00Z');
const LIMITS = { codesPerHour: 12, codesPerHourAndNetwork: 3 };
const BUDGETS = [{ of: 'message' }, { of: 'client', clientId: 'archive', codesPerHour: 60 }] as const;

interface Step {
  readonly pauseSeconds: number;
  readonly challenge: number;
  readonly does: 'ask' | 'guess' | 'enter';
  readonly network: number;
  readonly budget: 0 | 1;
}

const step: fc.Arbitrary<Step> = fc.record({
  pauseSeconds: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 6 * 86_400 })),
  challenge: fc.integer({ min: 0, max: 4 }),
  does: fc.constantFrom('ask', 'guess', 'guess', 'enter'),
  network: fc.integer({ min: 0, max: 3 }),
  budget: fc.constantFrom(0, 1),
});

function decided(state: Passcodes, { challenge, does, network, budget }: Step, now: Instant): PasscodeEvent[] | string {
  const challengeId = challengeOf(challenge);
  try {
    if (does === 'ask') {
      return issueOtp(state, { challengeId, networkTag: `n${network}`, now, budget: BUDGETS[budget] }, LIMITS);
    }
    const [newest] = codesInReach(state, challengeId, now);
    return verifyOtp(state, {
      challengeId,
      codeNumber: newest?.codeNumber ?? 1,
      codeMatches: does === 'enter' && newest !== undefined,
      now,
    });
  } catch (error) {
    return String(error);
  }
}

/** A challenge is of half an hour at most: each hour has its own (challenges.ts). */
let hour = 0;
const challengeOf = (number: number) =>
  `${'abcdefgh'.charAt(number)}${'a'.repeat(20)}${hour.toString(36)}` as ChallengeId;

describe('what a person’s codes depend on', () => {
  it('lies within the time after which the fold forgets: the same is decided without all that is older', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const history: { readonly at: Instant; readonly event: PasscodeEvent }[] = [];
        let now = BEGIN;
        for (const each of steps) {
          now = plusSeconds(now, each.pauseSeconds);
          hour = Math.floor((Date.parse(now) - Date.parse(BEGIN)) / 3_600_000);
          const fold = (since: Instant) =>
            history
              .filter(({ at }) => at >= since)
              .reduce((state, { event }) => passcodes.evolve(state, event), passcodes.initialState());
          const newest = history.at(-1)?.at ?? now;
          const [all, young] = [fold(BEGIN), fold(plusSeconds(newest, -(passcodes.forgetsAfterSeconds ?? 0)))];
          const answer = decided(all, each, now);
          expect(decided(young, each, now)).toEqual(answer);
          for (const budget of ['message', 'client'] as const)
            expect(areShortCodesSuspended(young, now, budget)).toBe(areShortCodesSuspended(all, now, budget));
          expect(triesLeft(young, challengeOf(each.challenge))).toBe(triesLeft(all, challengeOf(each.challenge)));
          const ofNetwork = { networkTag: `n${each.network}`, budget: BUDGETS[each.budget], now };
          expect(nextCodeAt(young, ofNetwork, LIMITS)).toBe(nextCodeAt(all, ofNetwork, LIMITS));
          if (typeof answer !== 'string') history.push(...answer.map((event) => ({ at: now, event })));
        }
      }),
      { numRuns: 60 },
    );
  });
});
