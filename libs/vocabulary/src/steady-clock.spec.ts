import { beforeEach, describe, expect, it } from '@jest/globals';
import { FixedClock, instantOf } from './clock.ts';
import { SteadyClock } from './steady-clock.ts';

const DAY = 86_400;

describe('the clock of acts that nothing undoes', () => {
  let wall: FixedClock;
  let monotonicMs: number;
  let steady: SteadyClock;

  beforeEach(() => {
    wall = new FixedClock(instantOf('2026-11-30T12:00:00Z'));
    monotonicMs = 5000;
    steady = new SteadyClock(wall, () => monotonicMs);
  });

  /** Time goes by, in steps as somebody who looks every minute sees it. */
  function passes(seconds: number): void {
    for (let left = seconds; left > 0; left -= 60) {
      wall.advance(Math.min(60, left));
      monotonicMs += Math.min(60, left) * 1000;
      steady.now();
    }
  }

  it('is the one on the wall, also where that is moved a little at a time', () => {
    for (let hour = 0; hour < 48; hour++) {
      passes(3600);
      wall.advance(2);
    }
    expect(steady.now()).toBe(wall.now());
  });

  it('does not follow one that is set forward, and goes on meanwhile', () => {
    wall.advance(400 * DAY);
    expect(steady.now()).toBe('2026-11-30T12:00:00.000Z');
    passes(23 * 3600);
    expect(steady.now()).toBe('2026-12-01T11:00:00.000Z');
    wall.advance(-400 * DAY); // somebody saw it
    passes(2 * DAY);
    expect(steady.now()).toBe(wall.now());
  });

  it('believes the new time once it has stood for a day, and begins again where it is set once more', () => {
    wall.advance(30 * DAY); // the machine slept
    passes(20 * 3600);
    wall.advance(400 * DAY);
    passes(5 * 3600);
    expect(steady.now()).toBe('2026-12-01T13:00:00.000Z');
    passes(20 * 3600);
    expect(steady.now()).toBe(wall.now());
  });

  it('follows one that is set back at once', () => {
    wall.advance(-DAY);
    expect(steady.now()).toBe(wall.now());
    passes(3600);
    expect(steady.now()).toBe(wall.now());
  });
});
