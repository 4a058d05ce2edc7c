import { describe, expect, it } from '@jest/globals';
import { networksAround } from '#libs/ephemeral-store';
import { heaviestOf } from './heaviest-upload.ts';

const NOW = 100_000;
const upload = (prefix: string, heldBytes: number, silentMs = 0) => ({
  networks: networksAround(prefix),
  heldBytes,
  lastAt: NOW - silentMs,
});

describe('the upload that makes way', () => {
  const large = upload('198.51.100.1/32', 25);
  const small = upload('192.0.2.1/32', 10);
  const neighbour = upload('192.0.2.2/32', 20);

  it.each([
    ['of the block with most', [large, small, neighbour], small, neighbour],
    ['of the host with most in it', [small, upload('192.0.2.1/32', 15), neighbour], large, 1],
    ['one that was silent, before any other', [large, neighbour, upload('203.0.113.9/32', 1, 2000)], small, 2],
    ['who asks, when its own network has most', [small, large], large, large],
    ['who asks, when it is alone', [small], small, small],
  ])('is %s', (_, uploads, asking, expected) => {
    const heaviest = typeof expected === 'number' ? uploads[expected] : expected;
    expect(heaviestOf(uploads, asking, 1, NOW)).toBe(heaviest);
  });
});
