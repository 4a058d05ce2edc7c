import { describe, expect, it } from '@jest/globals';
import { instantOf } from '#libs/vocabulary';
import { spansBack } from './spans.ts';
import { waitOf } from './waits.ts';

describe('the days of a chart', () => {
  it('are those of the organisation, without a gap, however long a day is', () => {
    const spans = spansBack(7, 'Europe/Copenhagen', instantOf('2026-10-27T11:30:00Z')); // the clock went back on the 25th
    expect(spans.map(({ key }) => key)).toEqual([21, 22, 23, 24, 25, 26, 27].map((day) => `2026-10-${day}`));
    expect(spans[4]).toEqual({ key: '2026-10-25', from: '2026-10-24T22', to: '2026-10-25T23' });
    expect(spans.slice(1).map(({ from }) => from)).toEqual(spans.slice(0, -1).map(({ to }) => to));
    expect(spans.at(-1)?.to).toBe('2026-10-27T12');
  });

  it('of a year are its months', () => {
    const spans = spansBack(365, 'America/Los_Angeles', instantOf('2026-11-30T12:00:00Z'));
    expect([spans.length, spans[0]?.key, spans.at(-1)?.key]).toEqual([13, '2025-11', '2026-11']);
  });
});

it.each([
  [-3, 'ten-minutes'],
  [599, 'ten-minutes'],
  [600, 'hour'],
  [86_400, 'three-days'],
  [1e9, 'longer'],
])('%d seconds are the wait %s', (seconds, wait) => expect(waitOf(seconds)).toBe(wait));
