import { describe, expect, it } from '@jest/globals';
import { instantOf, isClaimed, isWithin, plusSeconds } from './clock.ts';

const noon = instantOf('2026-11-30T12:00:00Z');

describe('a wait by the clock on the wall', () => {
  it.each([
    [0, true],
    [59.999, true],
    [60, false],
    [-1, true], // another machine's clock goes a little ahead
    [-60, false], // a clock that was wrong: nobody waits until it is noon again
    [-86_400, false],
  ])('of a minute, %d seconds after it began: %p', (seconds, isWaiting) =>
    expect(isWithin(60, noon, plusSeconds(noon, seconds))).toBe(isWaiting),
  );
});

describe('a claim until noon, of a minute at most', () => {
  it.each([
    [-60, true],
    [-0.001, true],
    [0, false],
    [3600, false],
    [-61, false], // nobody can have claimed it so long before: the clock was set back since
    [-86_400, false],
  ])('%d seconds from then: %p', (seconds, isHeld) =>
    expect(isClaimed(noon, plusSeconds(noon, seconds), 60)).toBe(isHeld),
  );
});
