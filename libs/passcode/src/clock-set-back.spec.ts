import { expect, it } from '@jest/globals';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import { issueOtp, newChallengeId, passcodes } from './passcode.ts';

const noon = instantOf('2026-11-25T12:00:00Z');
const tomorrow = plusSeconds(noon, 86_400);

/** After twelve codes, all that an hour has, by a clock that showed another time. */
const afterTwelve = (from: typeof noon) =>
  Array.from({ length: 12 }, (_, n) => plusSeconds(from, n)).reduce(
    (state, issuedAt) =>
      passcodes.evolve(state, {
        type: 'OtpIssued',
        data: {
          ...{ challengeId: newChallengeId(), codeNumber: 1, form: 'short', networkTag: issuedAt, issuedAt },
          ...{ expiresAt: plusSeconds(issuedAt, 600), budget: 'message' },
        },
      }),
    passcodes.initialState(),
  );
const asked = { challengeId: newChallengeId(), networkTag: 'home', now: plusSeconds(noon, 60) };

it('nobody waits a day for a code because the hour’s stand in the record of tomorrow', () => {
  expect(() => issueOtp(afterTwelve(noon), asked)).toThrow();
  expect(issueOtp(afterTwelve(tomorrow), asked)).toHaveLength(1);
});
