import { describe, expect, it } from '@jest/globals';
import { instantOf } from '#libs/vocabulary';
import { isOutOfTime } from './out-of-time.ts';

const at = (sequence: number, time: string) => ({ sequence, time: instantOf(`2026-11-30T${time}.000Z`) });

describe('events whose times run backwards', () => {
  const rows = [at(1, '12:00:00'), at(2, '12:00:10'), at(3, '11:30:00'), at(4, '11:30:01'), at(5, '11:29:58')];

  it.each([
    ['oldest first', rows],
    ['newest first', rows.toReversed()],
  ])('are marked where that begins, by the order of the record: %s', (_, shown) => {
    expect(shown.filter(isOutOfTime(shown)).map(({ sequence }) => sequence)).toEqual([3]);
  });

  it('are marked where that begins at the border of two pages', () => {
    const [, , third, fourth] = rows.map((row) => [row]);
    const isMarked = (shown: typeof rows, before: string) =>
      shown.filter(isOutOfTime(shown, at(0, before).time)).length === 1;
    expect(isMarked(third ?? [], '12:00:10')).toBe(true);
    expect(isMarked(fourth ?? [], '11:30:00')).toBe(false);
  });

  it('are none where two machines differ by seconds, or there is one event', () => {
    expect([at(1, '12:00:05'), at(2, '12:00:00')].filter(isOutOfTime([]))).toEqual([]);
    const close = [at(1, '12:00:05'), at(2, '12:00:00')];
    expect(close.filter(isOutOfTime(close))).toEqual([]);
  });
});
