import { expect, it } from '@jest/globals';
import { plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import { codesInReach, issueOtp, newChallengeId, passcodes, triesLeft, verifyOtp } from './passcode.ts';

const noon = '2026-11-25T12:00:00.000Z' as Instant;
const at = (seconds: number) => plusSeconds(noon, seconds);

it('wrong short codes come to twelve comparisons in a day at the most, however a stranger asks and guesses', () => {
  let state = passcodes.initialState();
  let compared = 0;
  for (let turn = 0, seconds = 0; seconds < 86_000; turn++, seconds += 700) {
    const challenge = newChallengeId();
    const network = `network ${turn}`;
    for (const later of [0, 30, 60]) {
      const wish = { challengeId: challenge, networkTag: network, now: at(seconds + later) };
      state = issueOtp(state, wish, { codesPerHour: 1000, codesPerHourAndNetwork: 1000 }).reduce(
        (before, event) => passcodes.evolve(before, event),
        state,
      );
    }
    for (let guess = 0; guess < 5; guess++) {
      const now = at(seconds + 70);
      const codes = codesInReach(state, challenge, now);
      const shortOnes = codes.filter(({ form }) => form === 'short').length;
      if (triesLeft(state, challenge) === 0) break;
      compared += shortOnes;
      const codeNumber = codes[0]?.codeNumber ?? 3;
      state = verifyOtp(state, { challengeId: challenge, codeNumber, codeMatches: false, now }).reduce(
        (before, event) => passcodes.evolve(before, event),
        state,
      );
    }
  }
  expect(compared).toBe(12);
});
