import { expect, it } from '@jest/globals';
import { jumpSeconds } from './clock-watch.ts';

it.each([
  ['goes on as it should', 10_000, 0],
  ['is set back by a day', 10_000 - 86_400_000, -86_400],
  ['is set forward by an hour', 10_000 + 3_600_000, 3600],
])('a clock that %s', (_, wallMs, seconds) => {
  const before = { wallMs: 1_770_000_000_000, monotonicMs: 500 };
  expect(jumpSeconds(before, { wallMs: before.wallMs + wallMs, monotonicMs: 10_500 })).toBe(seconds);
});
