import { describe, expect, it } from '@jest/globals';
import { instantOf, plusSeconds } from '#libs/vocabulary';
import type { Instant } from '#libs/vocabulary';
import type { RetentionEvent } from './retention-events.ts';
import { retentionRules } from './retention-rules.ts';
import { evolveRetention, isRunDue, lookFrom, NO_RETENTION_YET } from './retention-runs.ts';

type Rules = Extract<RetentionEvent, { type: 'ContentRemoved' }>['data']['rules'];

const DAY = 86_400;
const night = instantOf('2029-11-30T02:30:00Z');
const day = instantOf('2029-11-30T12:00:00Z');
const rules = retentionRules({ codesDays: 100, viewsDays: 365 }, night);
const [views, codes] = rules.map(({ before }) => before) as [Instant, Instant];

function begun(at: Instant, types: Partial<Record<string, string[]>> = {}): RetentionEvent {
  const announced = rules.map((rule) => ({ ...rule, types: types[rule.kind] ?? [...rule.types] }));
  return { type: 'ContentRemovalBegun', data: { by: 'segl', rules: announced, begunAt: at } };
}

function removed(at: Instant, of: Partial<Rules[number]>[]): RetentionEvent {
  const counts = { removed: 5, held: 0, alive: 0 };
  const each = of.map((one) => ({ ...counts, kind: 'codes' as const, before: codes, ...one }));
  return { type: 'ContentRemoved', data: { by: 'segl', rules: each, removedAt: at } };
}

const after = (...events: RetentionEvent[]) => events.reduce(evolveRetention, NO_RETENTION_YET);
const fromThen = (now: Instant, ...events: RetentionEvent[]) =>
  Object.fromEntries(lookFrom(after(...events), rules, now));

describe('where a run of retention begins', () => {
  it('is at the first event, where nothing is known to be done', () => {
    expect(fromThen(night)).toEqual({});
    expect(fromThen(night, begun(night))).toEqual({});
  });

  it('is where the one before ended, for each kind that it looked at', () => {
    expect(fromThen(night, begun(night), removed(night, [{}]))).toEqual({ codes });
    expect(fromThen(night, begun(night), removed(night, [{}, { kind: 'views', before: views }]))).toEqual({
      views,
      codes,
    });
  });

  it('is at the oldest event that was left for a hold or a message that can be opened', () => {
    const leftFrom = plusSeconds(codes, -40 * DAY);
    expect(fromThen(night, begun(night), removed(night, [{ held: 1, leftFrom }]))).toEqual({ codes: leftFrom });
    // A run of before this was recorded does not say which it left.
    expect(fromThen(night, begun(night), removed(night, [{ alive: 1 }]))).toEqual({});
  });

  it('is at the first event again where a run began beyond what is known to be done', () => {
    expect(fromThen(night, begun(night), removed(night, [{ lookedFrom: plusSeconds(codes, -DAY) }]))).toEqual({});
  });

  it('stays where it was when a longer period is set, and goes on when a shorter one is', () => {
    const [older, newer] = [plusSeconds(codes, -30 * DAY), plusSeconds(codes, 30 * DAY)];
    const first = [begun(night), removed(night, [{}])];
    const next = (before: Instant) => removed(night, [{ before, lookedFrom: codes }]);
    expect(fromThen(night, ...first, next(older))).toEqual({ codes });
    expect(fromThen(night, ...first, next(newer))).toEqual({ codes: newer });
  });

  it('is at the first event for a kind that has learnt a type since', () => {
    expect(fromThen(night, begun(night, { codes: ['OtpIssued'] }), removed(night, [{}]))).toEqual({});
    expect(fromThen(night, begun(night, { codes: ['OtpIssued'] }), removed(night, [{}]), begun(night))).toEqual({});
  });

  it('is at the first event once in 30 days', () => {
    const again = removed(plusSeconds(night, 20 * DAY), [{ lookedFrom: codes }]);
    const known = [begun(night), removed(night, [{}]), again];
    expect(fromThen(plusSeconds(night, 30 * DAY), ...known)).toEqual({ codes });
    expect(fromThen(plusSeconds(night, 31 * DAY), ...known)).toEqual({});
  });
});

describe('a run of retention', () => {
  const isDue = (now: Instant, events: RetentionEvent[] = [], { startedAt = now, timeZone = 'UTC' } = {}) =>
    isRunDue(after(...events), { now, startedAt, timeZone });

  it('is made in the night of the organisation, and where none was a day after the start', () => {
    expect([isDue(night), isDue(day)]).toEqual([true, false]);
    expect(isDue(night, [], { timeZone: 'Asia/Tokyo' })).toBe(false); // 11:30 there
    expect(isDue(instantOf('2029-11-30T17:30:00Z'), [], { timeZone: 'Asia/Tokyo' })).toBe(true);
    expect(isDue(day, [], { startedAt: plusSeconds(day, -DAY) })).toBe(true);
  });

  it('is made once a night, and at any hour once a day has gone by', () => {
    const before = (seconds: number) => [removed(plusSeconds(night, -seconds), [])];
    expect(isDue(night, before(3 * 3600))).toBe(false);
    expect(isDue(night, before(4 * 3600))).toBe(true);
    expect(isDue(day, before(0))).toBe(false);
    expect(isDue(day, [removed(plusSeconds(day, -DAY), [])])).toBe(true);
  });

  it('is not made while one is under way, unless that was broken off', () => {
    expect(isDue(night, [begun(plusSeconds(night, -5 * 3600))])).toBe(false);
    expect(isDue(night, [begun(plusSeconds(night, -6 * 3600))])).toBe(true);
    expect(isDue(day, [removed(plusSeconds(day, -DAY), []), begun(day)])).toBe(false);
  });

  it('waits a day after a start where the last one is long ago: the clock that the machine came up with may be wrong', () => {
    const longAgo = [removed(plusSeconds(night, -3 * DAY), [])];
    expect(isDue(night, longAgo)).toBe(false);
    expect(isDue(night, longAgo, { startedAt: plusSeconds(night, -DAY) })).toBe(true);
    expect(isDue(night, [removed(plusSeconds(night, -2 * DAY), [])])).toBe(true);
  });

  it('waits no longer where the start lies ahead, since the clock was wrong then and was set back', () => {
    const longAgo = [removed(plusSeconds(night, -3 * DAY), [])];
    expect(isDue(night, longAgo, { startedAt: plusSeconds(night, 400 * DAY) })).toBe(true);
  });

  it('is made where the last one lies ahead, since the clock was set back', () => {
    expect(isDue(day, [removed(plusSeconds(day, 3600), [])])).toBe(true);
  });
});
