import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#libs/event-store';
import { FaultTally } from './fault-tally.ts';
import type { Reckoning } from './fault-tally.ts';

const at = (seconds: number) => Date.parse('2026-11-23T12:00:00.000Z') + seconds * 1000;
const zero: Reckoning = {
  shownWithoutRecord: [],
  lost: [],
  doubled: [],
  shownAfterRevocation: [],
  recordedWithoutRequest: [],
};

function recorded(...events: { stream: string; type: string; data?: object; id?: string }[]): RecordedEvent[] {
  const revisions = new Map<string, number>();
  return events.map(({ stream, type, data = {}, id }, index) => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    return { id: id ?? `event-${index}`, stream, revision, type, data } as unknown as RecordedEvent;
  });
}

const sealed = { stream: 'message-a', type: 'MessageSealed' };
const accepted = { stream: 'submission-1', type: 'SubmissionAccepted', data: { messages: [{ messageId: 'a' }] } };
const viewed = (seconds: number, form = 'page') => ({
  stream: 'message-a',
  type: 'MessageViewed',
  data: { form, viewedAt: new Date(at(seconds)).toISOString() },
});
const revoked = { stream: 'message-a', type: 'MessageRevoked' };
const code = { stream: 'passcodes-b', type: 'OtpAccepted', data: { challengeId: 'c' } };

function told(...showings: [asked: number, answered: number, isShown: boolean][]): FaultTally {
  const tally = new FaultTally();
  tally.sealingAnswered('key', ['a']);
  tally.acceptedChallenges.add('c');
  for (const [asked, answered, isShown] of showings)
    tally.showings.push({ messageId: 'a', form: 'page', askedAt: at(asked), answeredAt: at(answered), isShown });
  return tally;
}

describe('what was told, held against the record', () => {
  it('finds nothing where each answer has its event, and a request that failed has one or none', () => {
    const tally = told([0, 1, true], [2, 3, false], [4, 5, false], [6, 7, true]);
    const events = recorded(sealed, accepted, code, viewed(0.5), viewed(2.5), viewed(7));
    expect(tally.reckon(events)).toEqual(zero);
  });

  it.each<[string, RecordedEvent[], Partial<Reckoning>]>([
    ['a view is not there', recorded(sealed, accepted, code), { shownWithoutRecord: ['a page'] }],
    [
      'only the other form is there',
      recorded(sealed, accepted, code, viewed(0.5, 'original')),
      { shownWithoutRecord: ['a page'] },
    ],
    [
      'a view is there twice',
      recorded(sealed, accepted, code, viewed(0.4), viewed(0.5)),
      { doubled: [`a page at ${at(0.5)}`] },
    ],
    [
      'a view is there that nobody asked for',
      recorded(sealed, accepted, code, viewed(0.4), viewed(9)),
      { recordedWithoutRequest: [`a page at ${at(9)}`] },
    ],
    ['a seal is not there', recorded(accepted, code, viewed(0.5)), { lost: ['sealed a'] }],
    ['a submission is there twice', recorded(sealed, accepted, accepted, code, viewed(1)), { doubled: ['sealed a'] }],
    ['a code is not there', recorded(sealed, accepted, viewed(0.5)), { lost: ['code of c'] }],
    ['a code is there twice', recorded(sealed, accepted, code, code, viewed(0.5)), { doubled: ['code of c'] }],
    [
      'an event is there twice',
      recorded(sealed, accepted, { ...code, id: 'same' }, { ...viewed(0.5), id: 'same' }),
      { doubled: ['event same'] },
    ],
  ])('finds that %s', (_what, events, found) => {
    expect(told([0, 1, true]).reckon(events)).toEqual({ ...zero, ...found });
  });

  it('finds a view after a revocation, in the record and in an answer', () => {
    const tally = told([0, 1, true]);
    tally.revokedAt.set('a', at(2));
    expect(tally.reckon(recorded(sealed, accepted, code, viewed(0.5), revoked))).toEqual(zero);
    expect(tally.reckon(recorded(sealed, accepted, code, revoked, viewed(0.5))).shownAfterRevocation).toHaveLength(1);
    tally.revokedAt.set('a', at(0));
    expect(tally.reckon(recorded(sealed, accepted, code, viewed(0.5), revoked)).shownAfterRevocation).toEqual(['a']);
    expect(tally.reckon(recorded(sealed, accepted, code, viewed(0.5))).lost).toEqual(['revocation of a']);
  });

  it('refuses another answer to the same request to seal', () => {
    expect(() => told().sealingAnswered('key', ['b'])).toThrow('sealed as a, then as b');
  });
});
