import { describe, expect, it } from '@jest/globals';
import { given } from '#libs/event-store/testing';
import { plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import {
  areShortCodesSuspended,
  issueOtp,
  MAX_OTP_FAILURES_PER_DAY,
  newChallengeId,
  parseChallengeId,
  passcodes,
  triesLeft,
  verifyOtp,
} from './passcode.ts';
import type { ChallengeId, OtpForm, OtpRejection, PasscodeEvent } from './passcode.ts';

const challengeId = 'a'.repeat(26) as ChallengeId;
const other = 'b'.repeat(26) as ChallengeId;
const noon = '2026-11-25T12:00:00.000Z' as Instant;
const at = (seconds: number) => plusSeconds(noon, seconds);

interface Details {
  challenge?: ChallengeId;
  number?: number;
  form?: OtpForm;
  network?: string;
  budget?: { budget: 'message' } | { budget: 'client'; clientId: string };
}
const ofMessage = { budget: 'message' } as const;
const ofClient = { budget: 'client', clientId: 'intranet' } as const;
const issuedAt = (
  seconds: number,
  { challenge = challengeId, number = 1, form = 'short', network = 'home', budget = ofMessage }: Details = {},
): PasscodeEvent => ({
  type: 'OtpIssued',
  data: {
    challengeId: challenge,
    codeNumber: number,
    form,
    networkTag: network,
    issuedAt: at(seconds),
    expiresAt: at(seconds + 600),
    ...budget,
  },
});
const rejectedAt = (
  seconds: number,
  {
    challenge = challengeId,
    number = 1,
    form = 'short',
    reason = 'wrong',
    budget = ofMessage,
  }: Details & { reason?: OtpRejection } = {},
): PasscodeEvent => ({
  type: 'OtpRejected',
  data: { challengeId: challenge, codeNumber: number, form, rejectedAt: at(seconds), reason, ...budget },
});
const fold = (events: readonly PasscodeEvent[]) =>
  events.reduce((state, event) => passcodes.evolve(state, event), passcodes.initialState());
const accepted: PasscodeEvent = {
  type: 'OtpAccepted',
  data: { challengeId, codeNumber: 1, form: 'short', acceptedAt: noon },
};
const exhausted: PasscodeEvent = { type: 'OtpExhausted', data: { challengeId, exhaustedAt: noon } };

const issued = issuedAt(-60);
const rejected = rejectedAt(0);
const right = { challengeId, codeNumber: 1, codeMatches: true, now: noon };
const wrong = { ...right, codeMatches: false };
/** Ten wrong codes over two other challenges, an hour ago. */
const tenFailures = [
  issuedAt(-7000, { challenge: other }),
  ...Array.from({ length: MAX_OTP_FAILURES_PER_DAY }, () => rejectedAt(-6900, { challenge: other })),
];

describe('a code', () => {
  it('is accepted when it matches', () =>
    given(passcodes, issued)
      .when((state) => verifyOtp(state, right))
      .then(accepted));

  it('is rejected when it does not', () =>
    given(passcodes, issued)
      .when((state) => verifyOtp(state, wrong))
      .then(rejected));

  it('is dead after its use', () =>
    given(passcodes, issued, accepted)
      .when((state) => verifyOtp(state, right))
      .thenThrows('otp-not-awaited'));

  it('is awaited only where one was issued', () =>
    given(passcodes, issuedAt(-60, { challenge: other }))
      .when((state) => verifyOtp(state, right))
      .thenThrows('otp-not-awaited'));

  it('is good for 10 minutes less a moment', () =>
    given(passcodes, issuedAt(-599.999))
      .when((state) => verifyOtp(state, right))
      .then(accepted));

  it('is no longer good after 10 minutes, right or wrong', () => {
    const expired = rejectedAt(0, { reason: 'expired' });
    given(passcodes, issuedAt(-600))
      .when((state) => verifyOtp(state, right))
      .then(expired);
    given(passcodes, issuedAt(-600))
      .when((state) => verifyOtp(state, wrong))
      .then(expired);
  });

  it('does not live longer because a clock was set back', () =>
    given(passcodes, issuedAt(+3600))
      .when((state) => verifyOtp(state, right))
      .then(rejectedAt(0, { reason: 'expired' })));

  it('lives on when newer ones of its challenge were issued, until it is the fourth-newest', () => {
    const newer = [2, 3, 4].map((number) => issuedAt(-30 + number, { number }));
    given(passcodes, issued, ...newer.slice(0, 2))
      .when((state) => verifyOtp(state, right))
      .then(accepted);
    given(passcodes, issued, ...newer)
      .when((state) => verifyOtp(state, right))
      .then(rejectedAt(0, { reason: 'superseded' }));
  });

  it('lives on when another challenge gets a code', () =>
    given(passcodes, issued, issuedAt(-30, { challenge: other }))
      .when((state) => verifyOtp(state, right))
      .then(accepted));
});

describe('a challenge', () => {
  it('is exhausted by the fifth wrong code', () =>
    given(passcodes, issued, rejected, rejected, rejected, rejected)
      .when((state) => verifyOtp(state, wrong))
      .then(rejected, exhausted));

  it('takes the right code at the fifth try', () =>
    given(passcodes, issued, rejected, rejected, rejected, rejected)
      .when((state) => verifyOtp(state, right))
      .then(accepted));

  it('gets no fresh tries with a fresh code', () =>
    given(passcodes, issued, rejected, rejected, rejected, rejected, issuedAt(-30, { number: 2 }))
      .when((state) => verifyOtp(state, { ...wrong, codeNumber: 2 }))
      .then(rejectedAt(0, { number: 2 }), exhausted));

  it('awaits nothing once exhausted, and gets no code', () => {
    const history = [issued, rejected, rejected, rejected, rejected, rejected, exhausted] as const;
    given(passcodes, ...history)
      .when((state) => verifyOtp(state, right))
      .thenThrows('otp-not-awaited');
    given(passcodes, ...history)
      .when((state) => issueOtp(state, { challengeId, networkTag: 'home', now: at(60) }))
      .thenThrows('otp-not-awaited');
  });

  it('says how many tries are left', () => {
    const state = [issued, rejected, rejected].reduce(passcodes.evolve, passcodes.initialState());
    expect(triesLeft(state, challengeId)).toBe(3);
    expect(triesLeft(state, other)).toBe(0);
  });

  it('is named by 128 random bits', () => {
    expect(parseChallengeId(newChallengeId())).not.toBeNull();
    expect(newChallengeId()).not.toBe(newChallengeId());
    for (const text of ['', 'a', 'A'.repeat(26), '1'.repeat(26), `${'a'.repeat(25)}\n`, 'a'.repeat(27)]) {
      expect(parseChallengeId(text)).toBeNull();
    }
  });
});

describe('an address gets', () => {
  const ask = { challengeId, networkTag: 'home', now: noon };

  it('a short code', () =>
    given(passcodes)
      .when((state) => issueOtp(state, ask))
      .then(issuedAt(0)));

  it('one code for two clicks', () =>
    given(passcodes, issuedAt(-19))
      .when((state) => issueOtp(state, ask))
      .then());

  it('a newer code, with the next number', () =>
    given(passcodes, issuedAt(-20))
      .when((state) => issueOtp(state, ask))
      .then(issuedAt(0, { number: 2 })));

  it('3 codes an hour from one network, however many challenges', () => {
    const three = [-3599, -1800, -60].map((seconds) => issuedAt(seconds, { challenge: newChallengeId() }));
    given(passcodes, ...three)
      .when((state) => issueOtp(state, ask))
      .thenThrows('otp-limit-reached');
    given(passcodes, ...three)
      .when((state) => issueOtp(state, { ...ask, networkTag: 'office' }))
      .then(issuedAt(0, { network: 'office' }));
    given(passcodes, ...three)
      .when((state) => issueOtp(state, { ...ask, now: at(1) }))
      .then(issuedAt(1));
  });

  it('12 codes an hour in all, and the time of the next', () => {
    const twelve = Array.from({ length: 12 }, (_, index) =>
      issuedAt(-3000 + index * 60, { challenge: newChallengeId(), network: `network ${index}` }),
    );
    given(passcodes, ...twelve)
      .when((state) => issueOtp(state, ask))
      .thenThrows('otp-limit-reached');
    const state = twelve.reduce(passcodes.evolve, passcodes.initialState());
    let error: unknown;
    try {
      issueOtp(state, ask);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ retryAt: at(600) });
    expect(issueOtp(state, { ...ask, now: at(600) })).toHaveLength(1);
  });

  it('a long code a minute later when others have spent the hour’s, so that nobody keeps its owner out', () => {
    const twelve = Array.from({ length: 12 }, (_, index) =>
      issuedAt(-59, { challenge: newChallengeId(), network: `network ${index}` }),
    );
    given(passcodes, ...twelve)
      .when((state) => issueOtp(state, { ...ask, standing: 'last-resort' }))
      .thenThrows('otp-limit-reached');
    const state = twelve.reduce(passcodes.evolve, passcodes.initialState());
    const [code] = issueOtp(state, { ...ask, standing: 'last-resort', now: at(1) });
    expect(code?.data).toMatchObject({ form: 'long', issuedAt: at(1) });
  });

  it('a code at once where its owner signed in before, whatever strangers have spent', () => {
    const many = Array.from({ length: 30 }, () => issuedAt(-1, { challenge: newChallengeId() }));
    given(passcodes, ...many)
      .when((state) => issueOtp(state, { ...ask, standing: 'known' }))
      .then(issuedAt(0));
  });

  it('as many as the limits say that an organisation has set', () =>
    given(passcodes, issuedAt(-60, { challenge: other }))
      .when((state) => issueOtp(state, ask, { codesPerHour: 12, codesPerHourAndNetwork: 1 }))
      .thenThrows('otp-limit-reached'));
});

describe('ten wrong short codes in a day', () => {
  const ask = { challengeId, networkTag: 'home', now: noon };
  const wrongShort = (seconds: number) => rejectedAt(seconds, { challenge: other });

  it('make the next code a long one', () => {
    given(passcodes, ...tenFailures)
      .when((state) => issueOtp(state, ask))
      .then(issuedAt(0, { form: 'long' }));
    given(passcodes, ...tenFailures.slice(0, -1))
      .when((state) => issueOtp(state, ask))
      .then(issuedAt(0));
  });

  it('are counted for each code that a guess was compared with, so that three at once are no easier to guess', () => {
    const three = [issuedAt(0), issuedAt(30, { number: 2 }), issuedAt(60, { number: 3 })];
    const guess = (events: PasscodeEvent[]) => areShortCodesSuspended(fold(events), at(70));
    const wrong = rejectedAt(70, { number: 3 });
    expect(guess([...three, wrong, wrong, wrong])).toBe(false);
    expect(guess([...three, wrong, wrong, wrong, wrong])).toBe(true);
    const late = rejectedAt(650, { number: 3 }); // only the newest is still good
    expect(areShortCodesSuspended(fold([...three, late, late, late, late]), at(650))).toBe(false);
  });

  it('end the short codes that were issued before, the right one too', () => {
    const suspended = rejectedAt(0, { reason: 'short-codes-suspended' });
    given(passcodes, issued, ...tenFailures)
      .when((state) => verifyOtp(state, right))
      .then(suspended);
    given(passcodes, issued, ...tenFailures)
      .when((state) => verifyOtp(state, wrong))
      .then(suspended);
  });

  it('let the recipient in by a long code, past any number of wrong long ones', () => {
    const long = { challenge: other, form: 'long' } as const;
    given(
      passcodes,
      ...tenFailures,
      issuedAt(-100, long),
      ...Array.from({ length: 30 }, () => rejectedAt(-90, long)),
      issuedAt(-60, { form: 'long' }),
    )
      .when((state) => verifyOtp(state, right))
      .then({ type: 'OtpAccepted', data: { challengeId, codeNumber: 1, form: 'long', acceptedAt: noon } });
  });

  it('are counted in a rolling day', () => {
    const day = 86_400;
    const early = issuedAt(-2 * day, { challenge: other });
    const failures = Array.from({ length: 10 }, (_, index) => wrongShort(index - day));
    given(passcodes, early, ...failures)
      .when((state) => issueOtp(state, { ...ask, now: at(-1) }))
      .then(issuedAt(-1, { form: 'long' }));
    given(passcodes, early, ...failures)
      .when((state) => issueOtp(state, ask))
      .then(issuedAt(0));
  });

  it('are not made of long codes, of expired ones, nor of those that came too late', () => {
    const uncounted = [
      rejectedAt(-100, { challenge: other, form: 'long' }),
      rejectedAt(-100, { challenge: other, reason: 'expired' }),
      rejectedAt(-100, { challenge: other, reason: 'superseded' }),
      rejectedAt(-100, { challenge: other, reason: 'short-codes-suspended' }),
    ];
    const history = Array.from({ length: 5 }, () => uncounted).flat();
    const state = [issued, ...history].reduce(passcodes.evolve, passcodes.initialState());
    expect(areShortCodesSuspended(state, noon)).toBe(false);
  });
});

describe('an address that a client chose itself', () => {
  const intranet = { of: 'client', clientId: 'intranet', codesPerHour: 100 } as const;
  const wish = { challengeId, networkTag: 'home', now: noon };
  const spentBy = (budget: typeof ofMessage | typeof ofClient) => [
    issuedAt(-7000, { challenge: other, budget }),
    ...Array.from({ length: MAX_OTP_FAILURES_PER_DAY }, () => rejectedAt(-6900, { challenge: other, budget })),
  ];

  it('is budgeted apart: its failures make only its own codes long', () => {
    given(passcodes, ...spentBy(ofClient))
      .when((state) => issueOtp(state, wish))
      .then(issuedAt(0));
    given(passcodes, ...spentBy(ofClient))
      .when((state) => issueOtp(state, { ...wish, budget: intranet }))
      .then(issuedAt(0, { form: 'long', budget: ofClient }));
    given(passcodes, ...spentBy(ofMessage))
      .when((state) => issueOtp(state, { ...wish, budget: intranet }))
      .then(issuedAt(0, { budget: ofClient }));
  });

  it('spends none of the hour’s codes of a sealed message, whichever client asks, nor the other way round', () => {
    const three = (budget: typeof ofMessage | typeof ofClient) =>
      [-300, -200, -100].map((seconds) => issuedAt(seconds, { challenge: newChallengeId(), budget }));
    given(passcodes, ...three(ofClient))
      .when((state) => issueOtp(state, wish))
      .then(issuedAt(0));
    given(passcodes, ...three(ofMessage))
      .when((state) => issueOtp(state, { ...wish, budget: intranet }))
      .then(issuedAt(0, { budget: ofClient }));
    const state = three(ofClient).reduce(passcodes.evolve, passcodes.initialState());
    expect(() => issueOtp(state, { ...wish, budget: { ...intranet, clientId: 'another' } })).toThrow(
      'otp-limit-reached',
    );
  });

  it('kills a short code that is under way in its own budget alone', () => {
    const late = Array.from({ length: MAX_OTP_FAILURES_PER_DAY }, () =>
      rejectedAt(-30, { challenge: other, budget: ofClient }),
    );
    given(passcodes, issued, ...late)
      .when((state) => verifyOtp(state, right))
      .then(accepted);
    given(passcodes, issuedAt(-60, { budget: ofClient }), ...late)
      .when((state) => verifyOtp(state, right))
      .then(rejectedAt(0, { reason: 'short-codes-suspended', budget: ofClient }));
  });

  it('was in no event recorded before: those count for messages', () => {
    const old = [issuedAt(-7000, { challenge: other }), ...tenFailures].map(({ type, data }) => {
      const { budget: _, ...before } = data as { budget?: string };
      return { type, data: before } as unknown as PasscodeEvent;
    });
    given(passcodes, ...old)
      .when((state) => issueOtp(state, wish))
      .then(issuedAt(0, { form: 'long' }));
    given(passcodes, ...old)
      .when((state) => issueOtp(state, { ...wish, budget: intranet }))
      .then(issuedAt(0, { budget: ofClient }));
  });
});

describe('the state of a person', () => {
  it('holds the last day and no more, whatever the stream', () => {
    const year = Array.from({ length: 365 * 24 }, (_, hour) => [
      issuedAt(hour * 3600, { challenge: newChallengeId() }),
      rejectedAt(hour * 3600 + 1),
    ]).flat();
    const state = year.reduce(passcodes.evolve, passcodes.initialState());
    expect(state.challenges.size).toBeLessThanOrEqual(25);
    expect(state.issued.length).toBeLessThanOrEqual(2);
    expect(state.failedAt.message).toHaveLength(10);
  });

  it('skips events that a later release writes', () => {
    const unknown = { type: 'OtpForwarded', data: { challengeId } } as unknown as PasscodeEvent;
    given(passcodes, issued, unknown)
      .when((state) => verifyOtp(state, right))
      .then(accepted);
  });
});
