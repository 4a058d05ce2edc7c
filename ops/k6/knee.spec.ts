import { describe, expect, it } from '@jest/globals';
import { bottleneckOf, kneeOf } from './knee.ts';
import type { Step } from './knee.ts';
import type { ThreadShares } from './portal-watch.ts';

function shares(processors: Partial<ThreadShares['processors']>, rest: Partial<ThreadShares> = {}): ThreadShares {
  const none = { main: 0, pool: 0, writer: 0, workers: 0, v8: 0 };
  return { processors: { ...none, ...processors }, writerOnDisk: 0, machine: 0.5, ...rest };
}

const steps = (...roundsPerSecond: number[]): Step[] =>
  roundsPerSecond.map((each, at) => ({ readers: 2 ** at, roundsPerSecond: each, p95Ms: 1, shares: shares({}) }));

describe('the knee', () => {
  it.each([
    ['where twice the readers bring hardly more', steps(10, 19, 20, 20), 2],
    ['not where it dips and goes on', steps(10, 9, 20, 21), 4],
    ['at the last step where each brought more', steps(10, 20, 40), 4],
    ['at the first where one reader fills it', steps(10, 10, 9), 1],
  ])('is %s', (_, all, readers) => {
    expect(kneeOf(all)?.readers).toBe(readers);
  });

  it('is nowhere without a step', () => {
    expect(kneeOf([])).toBeUndefined();
  });
});

describe('what is full', () => {
  it.each([
    ['the main thread at one whole processor', shares({ main: 0.97, pool: 0.4 }), 'the main thread', 0.97],
    ['the pool at all of them', shares({ main: 0.3, pool: 1.8 }), 'the thread pool (argon2)', 0.9],
    [
      'the disk while its thread waits and computes nothing',
      shares({ main: 0.2, writer: 0.1 }, { writerOnDisk: 0.9 }),
      'the disk, under the writer of the event store',
      0.9,
    ],
    [
      'the machine, and whose it is among ours',
      shares({ main: 0.7, pool: 1 }, { machine: 0.99 }),
      "the machine's processors, of which the thread pool (argon2) has 1.00 of 2",
      0.99,
    ],
    [
      'the machine, when others have it: then the figures say nothing of ours',
      shares({ main: 0.4 }, { machine: 1 }),
      "the machine's processors, of which other programs have 1.60 of 2",
      1,
    ],
  ])('is %s', (_, measured, resource, taken) => {
    const found = bottleneckOf(measured, 2);
    expect(found.resource).toBe(resource);
    expect(found.taken).toBeCloseTo(taken);
  });
});
